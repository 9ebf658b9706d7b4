package tenants

import (
	"context"

	"gorm.io/gorm/clause"
)

// SubjectLink returns which customer a provider's subject is, nil while it is not known.
func (d *DB) SubjectLink(ctx context.Context, issuer, subject string) (*SubjectLink, error) {
	return maybe[SubjectLink](d.Scoped(ctx).Where("issuer = ? AND subject = ?", issuer, subject), "subject link")
}

// LinkOfCustomer returns the link of a provider's subject to a customer, nil while there is none.
func (d *DB) LinkOfCustomer(ctx context.Context, issuer string, customerID int64) (*SubjectLink, error) {
	return maybe[SubjectLink](d.Scoped(ctx).Where("issuer = ? AND customer_id = ?", issuer, customerID), "subject link")
}

// LinkSubject links a subject to a customer and reports whether they are linked now. They are not
// when the subject is another customer's already or the customer another subject's: a link is never
// moved, also not by two sign-ins at once. secured is SubjectLink.Secured of a link that is made
// now.
func (d *DB) LinkSubject(ctx context.Context, issuer, subject string, customerID int64, secured bool) (linked bool, err error) {
	now := d.now()
	row := SubjectLink{Issuer: issuer, Subject: subject, CustomerID: customerID, Secured: secured, CreatedAt: now, LastUsedAt: now}
	if err := d.Scoped(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return false, wrap(err, "link subject")
	}
	link, err := d.SubjectLink(ctx, issuer, subject)
	return link != nil && link.CustomerID == customerID, err
}

// SecureLink records that the customer of a subject's link has a password that nobody knows: call
// it once BigCommerce has the new one. A link to another customer stays as it is.
func (d *DB) SecureLink(ctx context.Context, issuer, subject string, customerID int64) error {
	return wrap(d.Scoped(ctx).Model(&SubjectLink{}).Where("issuer = ? AND subject = ? AND customer_id = ?", issuer, subject, customerID).
		Update("secured", true).Error, "secure link")
}

// UnlinkCustomer deletes every link to a customer and returns how many there were: for the merchant
// whose customer was deleted, or came to another person.
func (d *DB) UnlinkCustomer(ctx context.Context, customerID int64) (int64, error) {
	res := d.Scoped(ctx).Where("customer_id = ?", customerID).Delete(&SubjectLink{})
	return res.RowsAffected, wrap(res.Error, "unlink customer")
}
