// Package httpapi serves the API over HTTP: it takes a request apart, finds out who calls, hands the call to a use
// case and writes the answer. Every route comes from the operation table; every error leaves as a problem document.
//
// The order in which a request is checked is the order of the steps in serve.go, and part of what clients may rely
// on: the path, the method, the token, the limits, the parameters, the body. Nothing is read of the body, and no record
// looked for, before the caller is known and has been charged for it.
//
// No store and no SQL may appear here, and no rule about who may do what: policy decides that, below.
package httpapi
