package database

import "gorm.io/gorm"

// migrate0021 adds what runs ask before they write, and the answers. Older processes leave both
// alone.
func migrate0021(tx *gorm.DB) error {
	for _, column := range []string{"Question", "Answers"} {
		if err := tx.Migrator().AddColumn(&run0021{}, column); err != nil {
			return err
		}
	}
	return nil
}

// run0021 has the columns that this migration adds; both are JSON.
type run0021 struct {
	Question *string `gorm:"type:text"`
	Answers  *string `gorm:"type:text"`
}

func (run0021) TableName() string { return "runs" }
