// Package tenantrytest is for the tests of applications that are built with Tenantry. Attack tries on an application's
// own resources whatever one tenant could try to reach another's data.
//
// It belongs into tests alone: nothing in it is meant for a program that serves.
package tenantrytest
