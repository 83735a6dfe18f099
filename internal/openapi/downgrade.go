package openapi

// downgrade turns a tree of version 3.1 into one of 3.0.3. It knows what this package writes, not all of 3.1:
// type lists with null, a null schema as one of several choices, and $ref with siblings.
func downgrade(node any) any {
	switch v := node.(type) {
	case object:
		if isNullSchema(v) {
			// 3.0 has no type null; a nullable object that may only be null says the same.
			return object{{"type", "object"}, {"nullable", true}, {"enum", array{nil}}}
		}
		out := make(object, 0, len(v)+1)
		for _, m := range v {
			switch types, isList := m.value.(array); {
			case m.name == "openapi":
				out = append(out, member{"openapi", "3.0.3"})
			case m.name == "type" && isList && len(types) > 2: // any type, which 3.0 says by saying nothing
			case m.name == "type" && isList:
				out = append(out, member{"type", types[0]}, member{"nullable", true})
			case m.name == "$ref" && len(v) > 1:
				out = append(out, member{"allOf", array{object{m}}})
			default:
				out = append(out, member{m.name, downgrade(m.value)})
			}
		}
		return out
	case array:
		out := make(array, len(v))
		for i, item := range v {
			out[i] = downgrade(item)
		}
		return out
	default:
		return node
	}
}

func isNullSchema(o object) bool { return len(o) == 1 && o[0] == member{"type", "null"} }
