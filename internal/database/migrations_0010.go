package database

import "gorm.io/gorm"

// migrate0010 adds the e-mail that a provider verified for a subject. Links from before have none
// until their next sign-in.
func migrate0010(tx *gorm.DB) error {
	if err := tx.Migrator().AddColumn(&subjectLink0010{}, "Email"); err != nil {
		return err
	}
	return tx.Exec("UPDATE subject_links SET email = ?", "").Error
}

// subjectLink0010 has the column that this migration adds; the others are subjectLink0006's.
type subjectLink0010 struct {
	Email string `gorm:"size:255"`
}

func (subjectLink0010) TableName() string { return "subject_links" }
