#include <seccomp.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#define R(a,n,...) do{int r=seccomp_rule_add(c,a,SCMP_SYS(n),__VA_ARGS__);if(r)fprintf(stderr,#n" %d\n",r);}while(0)
int main(int argc,char**argv){
 scmp_filter_ctx c=seccomp_init(SCMP_ACT_ALLOW);
 R(SCMP_ACT_ERRNO(EPERM),ioctl,1,SCMP_A1_32(SCMP_CMP_EQ,0x5412));
 R(SCMP_ACT_ERRNO(EPERM),ioctl,1,SCMP_A1(SCMP_CMP_EQ,0x541c));
 R(SCMP_ACT_ERRNO(EINVAL),socket,1,SCMP_A0(SCMP_CMP_EQ,40));
 R(SCMP_ACT_ERRNO(EAFNOSUPPORT),socket,3,SCMP_A0(SCMP_CMP_EQ,16),SCMP_A1(SCMP_CMP_MASKED_EQ,0xf,3),SCMP_A2(SCMP_CMP_GT,21));
 R(SCMP_ACT_ERRNO(EPERM),clone,1,SCMP_A0(SCMP_CMP_MASKED_EQ,0x10000000,0x10000000));
 R(SCMP_ACT_KILL_PROCESS,mmap,2,SCMP_A2(SCMP_CMP_MASKED_EQ,6,6),SCMP_A1(SCMP_CMP_GT,0x100001000ULL));
 R(SCMP_ACT_TRAP,mprotect,1,SCMP_A1(SCMP_CMP_GE,0x200000003ULL));
 R(SCMP_ACT_LOG,read,1,SCMP_A2(SCMP_CMP_LT,0x100000002ULL));
 R(SCMP_ACT_TRACE(7),write,1,SCMP_A2(SCMP_CMP_LE,0x100000002ULL));
 R(SCMP_ACT_NOTIFY,personality,1,SCMP_A0(SCMP_CMP_NE,0));
 R(SCMP_ACT_ERRNO(ENOSYS),clone3,0);
 R(SCMP_ACT_KILL,kexec_load,0);
 seccomp_export_bpf(c,1);
}
