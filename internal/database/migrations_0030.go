package database

import "gorm.io/gorm"

// migrate0030 adds to snapshots which file they are the rows of: files that are not read as they
// are are converted into rows once.
func migrate0030(tx *gorm.DB) error {
	m := tx.Migrator()
	for _, field := range []string{"RowsOf", "RowsAs", "Columns"} {
		if err := m.AddColumn(&snapshot0030{}, field); err != nil {
			return err
		}
	}
	return m.CreateIndex(&snapshot0030{}, "RowsOf")
}

// snapshot0030 has the columns that this migration adds.
type snapshot0030 struct {
	RowsOf  string `gorm:"size:36;index;default:''"`
	RowsAs  string `gorm:"size:500;default:''"`
	Columns string `gorm:"type:text"`
}

func (snapshot0030) TableName() string { return "snapshots" }
