package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/resource"
	"github.com/tenantry/tenantry/internal/schema"
)

// signingKeys administers the keys that tokens are signed with.
type signingKeys interface {
	Keys(ctx context.Context) ([]account.Key, error)
	PlanKey(algorithm string, activation time.Duration) (account.KeyPlan, error)
	AddKey(ctx context.Context, by account.By, plan account.KeyPlan) (account.Key, error)
	RetireKey(ctx context.Context, by account.By, key string) error
}

// listKeys answers with all keys on one page: there are as many as rotations.
func (s *server) listKeys(x *exchange) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	if err := untagged(x.r); err != nil {
		return err
	}
	keys, err := s.accounts.Keys(x.ctx)
	if err != nil {
		return err
	}
	out := []byte(`{"next":null,"previous":null,"results":[`)
	for i, k := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendKey(out, k)
	}
	return x.sendJSON(http.StatusOK, append(out, "]}"...))
}

// defaultAlgorithm is what a key is for where nobody asks for another.
const defaultAlgorithm = "EdDSA"

func (s *server) rotateKeys(x *exchange) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	if err := untagged(x.r); err != nil {
		return err
	}
	algorithm, seconds := defaultAlgorithm, int64(0)
	body, err := x.readOptional(text{name: "algorithm", optional: true, into: &algorithm}, text{name: "activate_in", optional: true, number: &seconds})
	if err != nil {
		return err
	}
	plan, err := s.accounts.PlanKey(algorithm, inSeconds(seconds))
	if err != nil {
		return err
	}
	answer, err := x.once(body, "", resource.Act{
		Plan: resource.PlanOf(plan.ID()),
		Do: func() ([]byte, error) {
			made, err := s.accounts.AddKey(x.ctx, x.by(), plan)
			return appendKey(nil, made), err
		},
		Found: x.findKey,
	})
	if err != nil {
		return err
	}
	return x.sendJSON(http.StatusCreated, answer)
}

// findKey returns the key that a rotation of the plan has made, nil where there is none.
func (x *exchange) findKey(plan id.ID) ([]byte, error) {
	keys, err := x.server.accounts.Keys(x.ctx)
	for _, k := range keys {
		if resource.PlanOf(k.ID) == plan {
			return appendKey(nil, k), err
		}
	}
	return nil, err
}

// readOptional reads a small body that may be left out, and returns it as it came.
func (x *exchange) readOptional(texts ...text) ([]byte, error) {
	body, err := x.readBody()
	if err != nil || len(body) == 0 {
		return nil, err
	}
	return body, decodeTexts(body, texts...)
}

// inSeconds is a number of seconds, or the longest time there is where it is longer.
func inSeconds(n int64) time.Duration {
	const longest = int64(1<<63-1) / int64(time.Second)
	return time.Duration(min(max(n, -1), longest)) * time.Second
}

func (s *server) retireKey(x *exchange) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	if err := untagged(x.r); err != nil {
		return err
	}
	body, err := x.readOptional()
	if err != nil {
		return err
	}
	key := x.r.PathValue("kid")
	_, err = x.once(body, key, resource.Act{Do: func() ([]byte, error) { return nil, s.accounts.RetireKey(x.ctx, x.by(), key) }})
	if err != nil {
		return err
	}
	return x.sendNothing(http.StatusNoContent)
}

func appendKey(dst []byte, k account.Key) []byte {
	dst = schema.AppendString(append(dst, `{"kid":`...), k.ID)
	dst = schema.AppendString(append(dst, `,"algorithm":`...), k.Algorithm)
	dst = schema.AppendString(append(dst, `,"state":`...), string(k.State))
	if k.Verifies {
		dst = append(dst, `,"verifies":true`...)
	} else {
		dst = append(dst, `,"verifies":false`...)
	}
	dst = appendMoment(append(dst, `,"created_at":`...), k.CreatedAt)
	dst = appendMoment(append(dst, `,"activates_at":`...), k.ActivatesAt)
	dst = appendMoment(append(dst, `,"retires_at":`...), k.RetiresAt)
	dst = append(dst, `,"public":`...)
	if k.Public == "" {
		return append(dst, "null}"...)
	}
	return append(append(dst, k.Public...), '}')
}

// appendMoment appends a time, or null where there is none.
func appendMoment(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "null"...)
	}
	return schema.Moment(t).AppendJSON(dst)
}
