// Command tenantry serves projects, tasks and documents to many tenants, each of which sees its own alone.
package main

import (
	"os"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/files/s3"
	"github.com/tenantry/tenantry/resources"
)

func main() {
	app := tenantry.New(tenantry.Config{Buckets: map[string]tenantry.OpenBucket{"s3": s3.Open}})
	resources.Register(app)
	os.Exit(app.Main(os.Args[1:]))
}
