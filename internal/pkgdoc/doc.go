// Package pkgdoc holds the test that every package of the module has exactly one package comment.
package pkgdoc
