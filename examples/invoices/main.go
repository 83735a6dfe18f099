// Command invoices serves customers and invoices: two resources of one's own, each declared by a struct and a call.
package main

import (
	"context"
	"os"

	"github.com/tenantry/tenantry"
)

// Customer is somebody whom a tenant sends invoices to.
type Customer struct {
	tenantry.Record

	Name     string `json:"name"     tenantry:"required,unique,max=255,filter,sort,search" doc:"The customer's name, unique in the tenant."`
	Invoices int64  `json:"invoices" tenantry:"count=invoices.customer"                    doc:"How many invoices the customer has."`
}

// Invoice is one bill that a tenant sends to a customer.
type Invoice struct {
	tenantry.Record

	Number       string `json:"number"        tenantry:"required,unique,immutable,max=40" doc:"The invoice's number, unique in the tenant."`
	Customer     string `json:"customer"      tenantry:"required,ref=customers,filter"    doc:"Who pays."`
	CustomerName string `json:"customer_name" tenantry:"lookup=customer.name"             doc:"The customer's name."`
	Currency     string `json:"currency"      tenantry:"required,enum=EUR|GBP|USD"        doc:"The currency of the amount."`
	Cents        int64  `json:"cents"         tenantry:"required,min=0,sort"              doc:"The amount in hundredths of the currency."`
	Paid         bool   `json:"paid"          tenantry:"readonly,filter"                  doc:"Whether it has been paid."`
}

func newApp() *tenantry.App {
	app := tenantry.New(tenantry.Config{Name: "Invoices"})
	tenantry.Register(app, "customers", tenantry.Resource[Customer]{Read: tenantry.Viewers, Write: tenantry.Members})
	invoices := tenantry.Register(app, "invoices", tenantry.Resource[Invoice]{
		Read:  tenantry.Members,
		Write: tenantry.Admins,
		BeforeWrite: func(_ context.Context, _ *tenantry.Tx, invoice *Invoice) error {
			if invoice.Currency == "GBP" && invoice.Cents > 1_000_000 {
				return tenantry.Invalid("cents", "is above what is allowed in GBP")
			}
			return nil
		},
		BeforeDelete: func(_ context.Context, _ *tenantry.Tx, invoice *Invoice) error {
			if invoice.Paid {
				return tenantry.Conflict("A paid invoice can't be deleted.")
			}
			return nil
		},
	})
	tenantry.Action(invoices, "pay", func(_ context.Context, _ *tenantry.Tx, invoice *Invoice) error {
		invoice.Paid = true
		return nil
	})
	return app
}

func main() { os.Exit(newApp().Main(os.Args[1:])) }
