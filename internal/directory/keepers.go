package directory

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/resource"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Keepers binds the records to the use cases that hold their rules; door opens what is read.
func (d *Directory) Keepers(accounts *account.Service, door storage.Door) map[*schema.Resource]*resource.Keeper {
	k := keepers{d, accounts, door}
	return map[*schema.Resource]*resource.Keeper{
		d.members: {Open: k.ofTenant, Check: k.checkMember, Create: k.createMember, Change: k.changeMember, Delete: k.deleteMember},
		d.serviceAccounts: {
			Open: k.ofTenant, Check: k.checkServiceAccount, Create: k.createServiceAccount, Change: k.changeServiceAccount, Delete: k.deleteServiceAccount,
			Actions: map[string]actFunc{"rotate": k.rotateServiceAccount},
		},
		d.tenants: {
			Open: k.ofPlatform, Check: k.checkTenant, Create: k.createTenant, Change: k.changeTenant,
			Actions: map[string]actFunc{"suspend": k.suspendTenant, "activate": k.activateTenant},
		},
		d.usage: {Open: k.ofPlatform},
		d.users: {Open: k.ofPlatform, Check: k.checkUser, Create: k.createUser, Change: k.changeUser},
	}
}

type actFunc = func(ctx context.Context, call resource.Call, current, input []schema.Value) (string, error)

type keepers struct {
	*Directory

	accounts *account.Service
	door     storage.Door
}

func by(call resource.Call) account.By {
	return account.By{Actor: call.Actor, RequestID: call.RequestID, IP: call.IP}
}

// over is who changes a record that they saw.
func over(call resource.Call, r *schema.Resource, seen []schema.Value) account.By {
	who := by(call)
	who.Seen = &storage.Seen{Resource: r, Values: seen}
	return who
}

// tenantOf returns the tenant that the call is about: the one in an operator's path, else the caller's own.
func (k keepers) tenantOf(ctx context.Context, call resource.Call) (tenant.ID, error) {
	if call.Actor.Kind != policy.Operator || !call.Actor.Tenant.IsZero() {
		return call.Actor.Tenant, nil
	}
	return k.accounts.TenantID(ctx, call.Parent)
}

func (k keepers) ofTenant(ctx context.Context, call resource.Call) (storage.Directory, error) {
	t, err := k.tenantOf(ctx, call)
	if err != nil {
		return nil, err
	}
	return k.door.Directory(t, call.Actor.Pass)
}

// ofPlatform reads the records of no tenant: all of them for an operator, for anybody else that of their own tenant.
func (k keepers) ofPlatform(_ context.Context, call resource.Call) (storage.Directory, error) {
	if call.Actor.Tenant.IsZero() {
		return k.door.Directory(tenant.ID{}, call.Actor.Pass)
	}
	return k.door.Self(call.Actor.Tenant, call.Actor.Pass)
}

func role(v schema.Value) policy.Role {
	parsed, _ := policy.ParseRole(v.Text()) // the schema allows roles alone
	return parsed
}

func (k keepers) checkMember(ctx context.Context, _ resource.Call, current, next []schema.Value) error {
	if current != nil { // whose membership it is stays
		return nil
	}
	return k.accounts.CheckMember(ctx, next[storage.MemberUsername].Text())
}

func (k keepers) createMember(ctx context.Context, call resource.Call, values []schema.Value) (string, error) {
	t, err := k.tenantOf(ctx, call)
	if err != nil {
		return "", err
	}
	return "", k.accounts.CreateMember(ctx, by(call), t, values[storage.MemberID].ID(), values[storage.MemberUsername].Text(), role(values[storage.MemberRole]))
}

func (k keepers) changeMember(ctx context.Context, call resource.Call, current, next []schema.Value) error {
	t, err := k.tenantOf(ctx, call)
	if err != nil {
		return err
	}
	return k.accounts.ChangeMember(ctx, over(call, k.members, current), t, current[storage.MemberUserID].ID(), role(next[storage.MemberRole]))
}

func (k keepers) deleteMember(ctx context.Context, call resource.Call, current []schema.Value) error {
	t, err := k.tenantOf(ctx, call)
	if err != nil {
		return err
	}
	return k.accounts.DeleteMember(ctx, over(call, k.members, current), t, current[storage.MemberUserID].ID())
}

func serviceAccount(values []schema.Value) account.ServiceAccount {
	return account.ServiceAccount{
		ID: values[storage.ServiceAccountID].ID(), Name: values[storage.ServiceAccountName].Text(),
		Role: role(values[storage.ServiceAccountRole]), ExpiresAt: values[storage.ServiceAccountExpiresAt].Time(),
	}
}

func (k keepers) checkServiceAccount(_ context.Context, _ resource.Call, current, next []schema.Value) error {
	var end time.Time
	if current != nil {
		end = serviceAccount(current).ExpiresAt
	}
	return k.accounts.CheckServiceAccount(serviceAccount(next), end)
}

func (k keepers) createServiceAccount(ctx context.Context, call resource.Call, values []schema.Value) (string, error) {
	t, err := k.tenantOf(ctx, call)
	if err != nil {
		return "", err
	}
	return k.accounts.CreateServiceAccount(ctx, by(call), t, serviceAccount(values))
}

func (k keepers) changeServiceAccount(ctx context.Context, call resource.Call, current, next []schema.Value) error {
	t, err := k.tenantOf(ctx, call)
	if err != nil {
		return err
	}
	return k.accounts.ChangeServiceAccount(ctx, over(call, k.serviceAccounts, current), t, serviceAccount(next))
}

func (k keepers) deleteServiceAccount(ctx context.Context, call resource.Call, current []schema.Value) error {
	t, err := k.tenantOf(ctx, call)
	if err != nil {
		return err
	}
	return k.accounts.DeleteServiceAccount(ctx, over(call, k.serviceAccounts, current), t, current[storage.ServiceAccountID].ID())
}

func (k keepers) rotateServiceAccount(ctx context.Context, call resource.Call, current, input []schema.Value) (string, error) {
	t, err := k.tenantOf(ctx, call)
	if err != nil {
		return "", err
	}
	grace := time.Duration(input[0].Int()) * time.Second
	return k.accounts.RotateServiceAccount(ctx, over(call, k.serviceAccounts, current), t, current[storage.ServiceAccountID].ID(), grace)
}

func newTenant(values []schema.Value) account.NewTenant {
	return account.NewTenant{
		ID: tenant.ID(values[storage.TenantRecordID].ID()), Slug: values[storage.TenantRecordSlug].Text(),
		Name: values[storage.TenantRecordName].Text(), Settings: values[storage.TenantRecordSettings].Raw(),
	}
}

func (k keepers) checkTenant(_ context.Context, _ resource.Call, _, next []schema.Value) error {
	return account.CheckTenant(newTenant(next))
}

func (k keepers) createTenant(ctx context.Context, call resource.Call, values []schema.Value) (string, error) {
	_, err := k.accounts.AddTenant(ctx, by(call), newTenant(values))
	return "", err
}

func (k keepers) changeTenant(ctx context.Context, call resource.Call, current, next []schema.Value) error {
	describe := func(values []schema.Value) account.Description {
		return account.Description{Name: values[storage.TenantRecordName].Text(), Settings: values[storage.TenantRecordSettings].Raw()}
	}
	return k.accounts.DescribeTenant(ctx, over(call, k.tenants, current), tenant.ID(current[storage.TenantRecordID].ID()), describe(current), describe(next))
}

func (k keepers) suspendTenant(ctx context.Context, call resource.Call, current, _ []schema.Value) (string, error) {
	return "", k.accounts.Suspend(ctx, over(call, k.tenants, current), current[storage.TenantRecordID].ID().String())
}

func (k keepers) activateTenant(ctx context.Context, call resource.Call, current, _ []schema.Value) (string, error) {
	return "", k.accounts.Activate(ctx, over(call, k.tenants, current), current[storage.TenantRecordID].ID().String())
}

func userState(values []schema.Value) account.UserState {
	return account.UserState{
		Password: values[storage.UserRecordPassword].Text(),
		Active:   values[storage.UserRecordActive].Bool(), Operator: values[storage.UserRecordOperator].Bool(),
	}
}

func (k keepers) checkUser(_ context.Context, _ resource.Call, _, next []schema.Value) error {
	return account.CheckUser(next[storage.UserRecordUsername].Text(), userState(next))
}

func (k keepers) createUser(ctx context.Context, call resource.Call, values []schema.Value) (string, error) {
	_, err := k.accounts.AddUser(ctx, by(call), values[storage.UserRecordID].ID(), values[storage.UserRecordUsername].Text(), userState(values))
	return "", err
}

func (k keepers) changeUser(ctx context.Context, call resource.Call, current, next []schema.Value) error {
	return k.accounts.ChangeUser(ctx, over(call, k.users, current), current[storage.UserRecordID].ID(), userState(next))
}
