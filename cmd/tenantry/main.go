// Command tenantry serves projects, tasks and documents to many tenants, each of which sees its own alone.
package main

import (
	"os"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/resources"
)

func main() {
	app := tenantry.New(tenantry.Config{})
	resources.Register(app)
	os.Exit(app.Main(os.Args[1:]))
}
