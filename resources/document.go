package resources

import "github.com/tenantry/tenantry"

// Document is a file, or the note of one that is kept elsewhere.
type Document struct {
	tenantry.Record

	Project     *string        `json:"project"      tenantry:"ref=projects,cascade,filter,sort"                                         doc:"The project that the document belongs to, where it belongs to one."`
	ProjectName *string        `json:"project_name" tenantry:"lookup=project.name,filter,sort"                                          doc:"The project's name."`
	Name        string         `json:"name"         tenantry:"required,max=255,filter,sort,search"                                      doc:"The document's name."`
	ContentType string         `json:"content_type" tenantry:"max=255,default=application/octet-stream,filter,sort"                     doc:"The media type of the file."`
	FilePath    string         `json:"file_path"    tenantry:"max=500,filter,sort"                                                      doc:"Where the file lies, when it is kept elsewhere. While one is stored here: its key, read-only."`
	FileSize    int64          `json:"file_size"    tenantry:"min=0,filter,sort"                                                        doc:"The size of the file in bytes; read-only while one is stored here."`
	Checksum    *string        `json:"checksum"     tenantry:"readonly,max=100,filter,sort"                                             doc:"The hash of the file's content, sha256:... in hex."`
	Metadata    map[string]any `json:"metadata"     tenantry:"max=16384"                                                                doc:"Whatever else is to be kept of the document."`
}

func registerDocuments(app *tenantry.App) {
	tenantry.Register(app, "documents", tenantry.Resource[Document]{
		Description: "Files, or notes of files that are kept elsewhere.",
		Read:        tenantry.Viewers,
		Write:       tenantry.Members,
		Content:     tenantry.Content{Name: "name", Path: "file_path", Size: "file_size", Type: "content_type", Checksum: "checksum"},
	})
}
