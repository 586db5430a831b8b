package extract

import (
	"context"

	"biseo/ingest"
)

func readPDF(ctx context.Context, data []byte) (*ingest.Document, error) { return nil, &errArchive }
