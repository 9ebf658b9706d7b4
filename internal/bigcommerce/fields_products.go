package bigcommerce

var productFields = []Field{{Name: "name", Type: "string", Required: true, MinLength: 1, MaxLength: 250, Minimum: nil}, {Name: "price", Type: "number", Minimum: limit(0)}}
