// Package blob keeps tenants' files in a bucket: Store binds them to a tenant, hashes and bounds what streams in, and
// refuses every key that is not the tenant's own; Directory is the bucket on the local disk.
//
// It knows no records and no HTTP. Other buckets, such as files/s3, are packages of their own, so that nobody links
// a client that he does not use.
package blob
