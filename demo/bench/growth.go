//go:build linux

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// growth measures an export as threads become many, beside the processes that are there, and what each takes of the processors.
func growth(capview, threads string, rounds int) error {
	counts := []int{0, 5_000, 20_000, 50_000}
	restore, err := room(counts[len(counts)-1])
	if err != nil {
		fmt.Printf("\nno growth is measured: %v\n", err)
		return nil
	}
	defer restore()
	tools := make([]*tool, len(counts))
	for i, n := range counts {
		tools[i] = &tool{name: fmt.Sprintf("%d more threads", n), args: []string{capview, "export", "-"}}
	}
	for round := range rounds + 1 { // in turn, so that what slows the machine slows all; the first warms up
		for i, n := range counts {
			if err := beside(threads, n, func() error { return tools[i].run(round > 0) }); err != nil {
				return err
			}
		}
	}
	fmt.Printf("\n%-28s %9s %9s %9s   a thread takes\n", "capview export -, beside", "time", "cpu", "RSS")
	none := median(tools[0].cpu)
	for i, t := range tools {
		cpu := median(t.cpu)
		fmt.Printf("%-28s %6.0f ms %6.0f ms %6.1f MB", t.name, ms(median(t.took)), ms(cpu), float64(median(t.rss))/1024)
		if i > 0 {
			fmt.Printf("   %.2f µs", float64((cpu-none).Nanoseconds())/1000/float64(counts[i]))
		}
		fmt.Println()
	}
	return nil
}

// beside measures while so many more threads wait.
func beside(threads string, count int, measure func() error) error {
	if count == 0 {
		return measure()
	}
	s, err := sleep(threads, count)
	if err != nil {
		return err
	}
	defer s.stop()
	return measure()
}

const pidMax = "/proc/sys/kernel/pid_max"

// room sees to it that there are numbers for so many more threads, and gives back how to leave it as it was.
func room(threads int) (restore func(), err error) {
	text, err := os.ReadFile(pidMax)
	if err != nil {
		return nil, err
	}
	old := strings.TrimSpace(string(text))
	now, err := strconv.Atoi(old)
	if err != nil {
		return nil, err
	}
	set := func(to string) error { return os.WriteFile(pidMax, []byte(to), 0) }
	if want := 2*threads + now; now < 2*threads {
		if err := set(strconv.Itoa(want)); err != nil {
			return nil, err
		}
		return func() { set(old) }, nil
	}
	return func() {}, nil
}
