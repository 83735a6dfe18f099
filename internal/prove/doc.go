// Package prove attacks a running service as one of its own tenants would, and says whether anything of another tenant
// came through. It makes two throw-away tenants, fills both with what the service's OpenAPI document says it takes, and
// tries every operation of that document with every value of the one tenant in the hands of the other.
//
// It knows the service by its document and its answers alone: an operation that is added is attacked because it is
// documented, and one that it could not attack, or not as its rightful owner would use it, is a failure and no success.
// What it can't tell from the document, how tenants, users and memberships come to be, a Provisioner does.
//
// It imports nothing of the service, so that it can't share a mistake with it, and holds no SQL.
package prove
