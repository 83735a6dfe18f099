// Package bucket holds the test of files/s3 against a server program that speaks S3 for real: signatures, parts, ranges,
// lists. No fake of ours decides what is right. It is a module of its own, so that the program is no dependency of
// Tenantry; go builds it, like everything else, from the versions in go.mod.
//
// The program is Versity's gateway, which keeps objects as files in a directory. MinIO's server has 290 modules and takes
// minutes to compile; the fakes that exist check neither signatures nor what a part may be.
package bucket
