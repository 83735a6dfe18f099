// Package docs holds the test that runs the documentation's commands. No code of the product belongs here.
package docs
