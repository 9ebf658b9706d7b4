package database

import "gorm.io/gorm"

// migrate0008 keeps a customer from being linked to two subjects of one provider, also by two
// sign-ins at once. The index takes the place of one with fewer columns.
func migrate0008(tx *gorm.DB) error {
	if err := tx.Migrator().DropIndex(&subjectLink0006{}, "subject_links_customer"); err != nil {
		return err
	}
	return tx.Migrator().CreateIndex(&subjectLink0008{}, "subject_links_one")
}

// subjectLink0008 has the columns of the index; the others are subjectLink0006's.
type subjectLink0008 struct {
	StoreHash  string `gorm:"uniqueIndex:subject_links_one,priority:1"`
	CustomerID int64  `gorm:"uniqueIndex:subject_links_one,priority:2"`
	Issuer     string `gorm:"uniqueIndex:subject_links_one,priority:3"`
}

func (subjectLink0008) TableName() string { return "subject_links" }
