package cli

import (
	"time"

	"github.com/tenantry/tenantry/internal/doctor"
)

// The environments.
const (
	Development = "development"
	Production  = "production"
)

// Settings are all that Tenantry can be told. Their tags are the flags, and give the names of the environment
// variables: --data-dir is TENANTRY_DATA_DIR. A command has those groups of them that it uses; the fields of the
// other groups are zero.
type Settings struct {
	Storage Storage `embed:"" group:"storage"`
	Tokens  Tokens  `embed:"" group:"tokens"`
	Serving Serving `embed:"" group:"serving"`
	Limits  Limits  `embed:"" group:"limits"`
	Issuers Issuers `embed:"" group:"issuers"`
	Logging Logging `embed:"" group:"logging"`

	// Seen is what the deployment shows beside its settings.
	Seen doctor.Settings `kong:"-"`
}

// Storage says where the data is.
type Storage struct {
	Environment        string      `default:"development" enum:"development,production" placeholder:"NAME" help:"development or production; production refuses to start on what doctor finds critical, such as a weak signing key or a role that bypasses row security."`
	DataDir            Directory   `default:"./data" placeholder:"DIR" help:"Where the embedded databases, the files and the generated signing key are."`
	DatabaseURL        DatabaseURL `name:"database-url" placeholder:"URL" help:"PostgreSQL, as postgres://USER:PASSWORD@HOST:5432/DATABASE. Without it: embedded SQLite in the data directory."`
	MigrationURL       DatabaseURL `name:"migration-url" placeholder:"URL" help:"The same PostgreSQL as the role that owns the tables; it migrates and never serves."`
	ContextKey         Secret      `name:"context-key" placeholder:"KEY" help:"Makes PostgreSQL take a tenant only with a proof of it, made with this key: 32 bytes at least, @FILE reads a file. off: migrate up takes that off again."`
	PreviousContextKey Secret      `name:"previous-context-key" placeholder:"KEY" help:"The context key that other servers still use while a new one is brought out."`
	FilesURL           FilesURL    `name:"files-url" placeholder:"URL" help:"Where the files of documents are, as file:///DIR or s3://BUCKET/PREFIX?endpoint=URL&region=NAME. Without it: in the data directory. Several nodes need the same place."`
	SqliteSynchronous  string      `default:"full" enum:"full,normal" placeholder:"MODE" help:"full: an acknowledged write survives a power cut. normal: faster, the last writes may not."`

	// Context and PreviousContext are the context keys themselves, once they have been read. ProofsOff says that proofs
	// are to be taken off.
	Context, PreviousContext []byte `kong:"-"`
	ProofsOff                bool   `kong:"-"`
}

// Name says in a few words where the data is, without a secret.
func (s Storage) Name() string {
	if s.DatabaseURL != "" {
		return "PostgreSQL at " + s.DatabaseURL.String()
	}
	return "embedded SQLite in " + string(s.DataDir)
}

// Tokens says how tokens are signed and how long they are good.
type Tokens struct {
	JWTSigningKey    Secret   `name:"jwt-signing-key" placeholder:"KEY" help:"32 bytes at least; @FILE reads a file. Without it, development makes a random one in the data directory."`
	KeyEncryptionKey Secret   `name:"key-encryption-key" placeholder:"KEY" help:"Encrypts the signing keys that are stored in the database; 32 bytes at least, @FILE reads a file. Without it they are encrypted with a key made from the signing key."`
	JWTIssuer        string   `name:"jwt-issuer" default:"multitenant-api" placeholder:"NAME" help:"The issuer that tokens name."`
	AccessTTL        Lifetime `name:"access-ttl" default:"15m" placeholder:"DURATION" help:"How long an access token is good."`
	RefreshTTL       Lifetime `name:"refresh-ttl" default:"168h" placeholder:"DURATION" help:"How long a refresh token is good."`

	// Key is the signing key itself, once it has been read or made. Sealing is the key-encryption key; nil where
	// there is none.
	Key     []byte `kong:"-"`
	Sealing []byte `kong:"-"`
	// Throwaway is set where the command signs and verifies no tokens: Key is random then, and stored signing keys,
	// which it could not open, are left alone.
	Throwaway bool `kong:"-"`
}

// Serving says how requests are served.
type Serving struct {
	Addr         Address  `default:"127.0.0.1:8000" placeholder:"HOST:PORT" help:"Where to listen; loopback only unless told otherwise."`
	MetricsAddr  Address  `placeholder:"HOST:PORT" help:"Where to serve /metrics for Prometheus, to whoever asks; the API's own address serves it there. Without it nowhere."`
	MaxBody      Size     `default:"1MiB" placeholder:"SIZE" help:"The largest body of a request, such as 1MiB, 512KiB or 65536."`
	MaxUpload    FileSize `default:"100MiB" placeholder:"SIZE" help:"The largest file that may be uploaded."`
	DrainDelay   Wait     `default:"0s" placeholder:"DURATION" help:"On SIGTERM: how long /readyz answers 503 before the listener closes."`
	DrainTimeout Wait     `default:"30s" placeholder:"DURATION" help:"Then: how long requests in flight may take."`
}

// Logging says what is logged to stderr and how.
type Logging struct {
	LogFormat string `default:"text" enum:"text,json" placeholder:"FORMAT" help:"text or json."`
	LogLevel  string `default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL" help:"debug, info, warn or error."`
}

// Duration returns the lifetime as what it is.
func (l Lifetime) Duration() time.Duration { return time.Duration(l) }

// Duration returns the wait as what it is.
func (w Wait) Duration() time.Duration { return time.Duration(w) }

// minKey is what HS256 takes (RFC 7518, section 3.2): as many bytes as the hash has.
const minKey = 32
