// Package advise turns "held but never exercised" into a least-privilege recommendation: for every credential of a
// container, and for the container as a whole, which capabilities to keep, which to drop, which were denied and seem to be
// wanted, and of which that cannot be told.
//
// It is pure: what was exercised is given (an Observation, as a tracer of capability checks makes it), and so is the
// snapshot that says who held what. The rules of the kernel it rests on are named where they are applied.
//
// Its honesty: nothing is called unused that was not watched; what matters only at a moment that was not watched is not
// called unused either; a check that the kernel makes and does not need to succeed is no use; and of a check whose
// meaning hangs on what the tracer did not see it says so.
package advise
