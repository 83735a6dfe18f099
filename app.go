package tenantry

import (
	"errors"

	"github.com/tenantry/tenantry/internal/directory"
	"github.com/tenantry/tenantry/internal/openapi"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/resource"
)

// Version is the release of Tenantry.
const Version = "0.1.0"

// Config says how an application introduces itself. Its zero value is useful.
type Config struct {
	// Name is the service's name in the document and at /; by default "Tenantry".
	Name string
	// Version is the version of the API that the document states; by default Tenantry's own.
	Version string
	// Buckets open what files are kept in, by the scheme of Options.FilesURL: {"s3": s3.Open}, with s3 of
	// tenantry/files/s3. Directories need no entry.
	Buckets map[string]OpenBucket
}

// App is a set of resources that are served together. Register adds to it; Main or Open starts it.
type App struct {
	config      Config
	definitions []*resource.Definition
	directory   *directory.Directory
	mistakes    []error
}

// New returns an application without resources.
func New(c Config) *App {
	if c.Name == "" {
		c.Name = "Tenantry"
	}
	if c.Version == "" {
		c.Version = Version
	}
	return &App{config: c, directory: directory.New()}
}

// compile checks all that was registered.
func (a *App) compile() (*resource.Registry, error) {
	registry, mistakes := resource.NewRegistry(a.definitions)
	if err := errors.Join(append(a.mistakes, mistakes...)...); err != nil {
		return nil, err
	}
	registry.Keep(a.directory.Operations())
	return registry, nil
}

func (a *App) document(operations []operation.Operation) (*openapi.Document, error) {
	return openapi.Build(openapi.Info{Title: a.config.Name, Version: a.config.Version}, operations)
}
