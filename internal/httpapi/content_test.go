package httpapi_test

import (
	"context"

	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/resource"
)

func (f *resources) PutContent(ctx context.Context, c resource.Call, op *operation.Operation, id string, up resource.Upload, p *resource.Precondition) (resource.Answer, error) {
	return f.answer, f.take(ctx, op, call{name: "PutContent", id: id, call: c, condition: p})
}

func (f *resources) GetContent(ctx context.Context, c resource.Call, op *operation.Operation, id string) (resource.Content, error) {
	return resource.Content{}, f.take(ctx, op, call{name: "GetContent", id: id, call: c})
}

func (f *resources) DeleteContent(ctx context.Context, c resource.Call, op *operation.Operation, id string, p *resource.Precondition) error {
	return f.take(ctx, op, call{name: "DeleteContent", id: id, call: c, condition: p})
}
