package isolation_test

import (
	"flag"
	"os"
	"testing"

	"github.com/tenantry/tenantry/test/isolation"
)

var update = flag.Bool("update", false, "write the page's tables anew")

// TestThePageTellsOfEveryPatch holds docs/ISOLATION.md against the patches; -update writes it.
func TestThePageTellsOfEveryPatch(t *testing.T) {
	t.Parallel()
	const name = root + "/docs/ISOLATION.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	filled, err := isolation.Fill(string(page), isolation.Tables(patches(t)))
	if err != nil {
		t.Fatal(err)
	}
	if filled == string(page) {
		return
	}
	if !*update {
		t.Fatal("docs/ISOLATION.md is not what the patches say; run go test ./test/isolation -run ThePage -update")
	}
	if err := os.WriteFile(name, []byte(filled), 0o644); err != nil {
		t.Fatal(err)
	}
}
