package tenantry

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/finding"
	"github.com/tenantry/tenantry/internal/limit"
)

// examine looks for what production refuses to start on. Development is warned of it.
func (d *database) examine(ctx context.Context, checks []finding.Check) error {
	report, err := doctor.Examine(ctx, doctor.Binding(checks))
	if err != nil {
		return err
	}
	if d.options.Production {
		return report.Refuse()
	}
	for _, check := range report.Checks {
		for _, f := range check.Findings {
			if f.Status == finding.Critical {
				d.options.Logger.WarnContext(ctx, "production would refuse to start", "check", check.ID, "found", f.Found, "do", f.Do)
			}
		}
	}
	return nil
}

// storageChecks are those of the database.
func (d *database) storageChecks() []finding.Check {
	return append([]finding.Check{doctor.Migrations(d.Pending, d.options.Production)}, d.Checks()...)
}

// settings is what can be seen of the configuration, as far as the options and whoever read them tell.
func (d *database) settings() doctor.Settings {
	return d.options.seen(d.surroundings)
}

// seen adds the options to what is known of the deployment beside them.
func (o Options) seen(s doctor.Settings) doctor.Settings {
	s.Production, s.Key = o.Production, o.SigningKey
	s.DatabaseURL, s.MigrationURL = o.DatabaseURL, o.MigrationURL
	s.Origins, s.Proxies = o.CORSOrigins, o.TrustedProxies
	for setting, rate := range map[string]string{
		"--rate-anonymous": o.RateAnonymous, "--rate-authenticated": o.RateAuthenticated,
		"--rate-login": o.RateLogin, "--rate-login-address": o.RateLoginAddress,
	} {
		if rate == "off" {
			s.RatesOff = append(s.RatesOff, setting)
		}
	}
	slices.Sort(s.RatesOff)
	if o.RedisURL != "" {
		s.Redis = func(ctx context.Context) error { return limit.Ping(ctx, o.RedisURL) }
	}
	return s
}

// reachFiles opens what the options name for files and closes it again. A directory that is not there yet is made by
// the first start.
func reachFiles(ctx context.Context, o Options, buckets map[string]OpenBucket) error {
	if dir := filesDirectory(o); dir != "" {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	bucket, err := openBucket(ctx, o, buckets)
	if err != nil {
		return err
	}
	return bucket.Close()
}

// doctor examines what the settings name, without making anything: a database that is not there yet is one to be
// migrated.
func (a *App) doctor(ctx context.Context, settings cli.Settings, logger *slog.Logger) (doctor.Report, error) {
	o := optionsOf(settings, logger).withDefaults()
	seen := o.seen(settings.Seen)
	seen.Files = func(ctx context.Context) error { return reachFiles(ctx, o, a.config.Buckets) }
	checks := a.reach(ctx, o)
	defer checks.close()
	return doctor.Examine(ctx, append(checks.all, seen.Checks()...))
}

// reached are the checks of a database, as far as it could be reached.
type reached struct {
	all   []finding.Check
	close func()
}

func (a *App) reach(ctx context.Context, o Options) reached {
	nothing := func() {}
	if o.DatabaseURL == "" {
		if _, err := os.Stat(filepath.Join(o.DataDir, "platform.db")); errors.Is(err, fs.ErrNotExist) {
			pending := func(context.Context) ([]string, error) {
				return []string{"there is no database in " + o.DataDir + " yet"}, nil
			}
			return reached{[]finding.Check{doctor.Migrations(pending, o.Production)}, nothing}
		}
	}
	db, err := a.connect(ctx, o)
	if err != nil {
		return reached{[]finding.Check{doctor.Database(err)}, nothing}
	}
	return reached{append([]finding.Check{doctor.Database(nil)}, db.storageChecks()...), func() { _ = db.Close() }} // it only read
}
