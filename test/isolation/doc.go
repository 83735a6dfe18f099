// Package isolation holds the proof that no tenant reaches another's data: the attacks on the built-in resources on both
// engines, and on servers in which a layer does nothing or a bug is planted. No code of the product belongs here.
package isolation
