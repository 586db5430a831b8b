package extract

import (
	"context"

	"biseo/ingest"
)

func readZip(ctx context.Context, data []byte) (*ingest.Document, error) { return nil, &errArchive }
