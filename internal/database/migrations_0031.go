package database

import "gorm.io/gorm"

// migrate0031 adds what runs and records know of records that left their source.
func migrate0031(tx *gorm.DB) error {
	m := tx.Migrator()
	for _, field := range []string{"Landed", "Vanished"} {
		if err := m.AddColumn(&record0031{}, field); err != nil {
			return err
		}
	}
	if err := m.AddColumn(&run0031{}, "Vanished"); err != nil {
		return err
	}
	return tx.Exec("UPDATE records SET landed = ? WHERE source_hash <> ''", true).Error
}

// record0031 has the columns that this migration adds.
type record0031 struct {
	Landed   bool   `gorm:"default:false"`
	Vanished string `gorm:"type:text;default:''"`
}

func (record0031) TableName() string { return "records" }

// run0031 has the column that this migration adds.
type run0031 struct {
	Vanished int64 `gorm:"default:0"`
}

func (run0031) TableName() string { return "runs" }
