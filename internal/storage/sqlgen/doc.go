// Package sqlgen writes SQL for PostgreSQL and SQLite from a schema and a query.
//
// The text of a statement depends on the shape of what is asked, never on a value: all values are arguments, so
// user text never enters SQL text, and prepared statements can be kept by their text. A Builder is bound to a
// tenant when it is made, and every statement names it on every tenant table that it touches, in sub-queries as
// well: there is no statement without it. The package runs nothing and knows no driver.
package sqlgen
