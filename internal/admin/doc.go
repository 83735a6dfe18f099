// Package admin serves the web interface under /admin/: its built pages, which are embedded, and the session that keeps
// a browser signed in. The pages are built from ui/ (`make ui`) and talk to the API like any other client.
//
// A refresh token is kept in a cookie that no script can read, and access tokens only in the memory of a page. So the
// session's operations do one thing: they hand a request to the API and move the refresh token between the API's JSON
// and the cookie. Who may sign in, how often, and what is written into the events is decided by the API alone; no rule
// of that kind may appear here.
package admin
