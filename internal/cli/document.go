package cli

import "runtime"

type openapiCommand struct {
	Version string `default:"3.1" enum:"3.1,3.0" placeholder:"VERSION" help:"Of OpenAPI: 3.1 or 3.0."`
	Format  string `default:"json" enum:"json,yaml" placeholder:"FORMAT" help:"json or yaml."`
}

func (c *openapiCommand) Run(s *session) error {
	document, err := s.program.Document(c.Version, c.Format)
	if err != nil {
		return err
	}
	_, err = s.env.Stdout.Write(append(document, '\n'))
	return err
}

type versionCommand struct{}

func (*versionCommand) Run(s *session) error {
	s.print("%s %s (%s, %s/%s)", s.program.Name, s.program.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
