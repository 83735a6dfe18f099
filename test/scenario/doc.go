// Package scenario holds tests that use the API as its clients do: through a real listener, on both engines, with
// scenarios as data. No code of the product belongs here.
package scenario
