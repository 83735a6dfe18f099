package resource

import (
	"context"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
)

// Act is something that is done to no record of a resource, such as making a signing key.
type Act struct {
	// Plan says which one of all acts this is going to be, by what it makes; zero where it makes nothing that stays.
	Plan id.ID
	// Do does it and returns what is to be answered.
	Do func() ([]byte, error)
	// Found returns what an act of the plan is to be answered with where it was done before the process died, and nil
	// where it was not. Without Found the act is done again.
	Found func(plan id.ID) ([]byte, error)
}

// PlanOf returns the plan of an act that makes something of the name.
func PlanOf(name string) id.ID { return hashID([]byte(name)) }

// actTag stands where an answer's entity tag is kept: acts have none, and by it the memo knows that there is an answer.
const actTag = "act"

// Once runs an act, which its caller may do; with an idempotency key, once. What a repetition gets was kept sealed.
func (s *Service) Once(ctx context.Context, call Call, op *operation.Operation, path string, body []byte, act Act) (Answer, error) {
	var told []byte
	do := func() (err error) {
		told, err = act.Do()
		return err
	}
	if call.IdempotencyKey == "" {
		err := do()
		return Answer{Body: told}, err
	}
	m := s.keptMemo(call, op, path, body)
	return s.once(ctx, m, act.Plan, func(plan id.ID, again bool) (err error) {
		if again && act.Found != nil {
			if told, err = act.Found(plan); err != nil || told != nil {
				return err
			}
		}
		return do()
	}, func() (Answer, error) { return Answer{ID: act.Plan, Body: told, ETag: actTag}, nil })
}
