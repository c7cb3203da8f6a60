-- What an attempt on an open task, or on GPUs, is judged by.
ALTER TABLE streams ADD COLUMN open         INTEGER NOT NULL DEFAULT 0;
ALTER TABLE streams ADD COLUMN speedup      REAL;
ALTER TABLE streams ADD COLUMN speedup_low  REAL; -- 95 %
ALTER TABLE streams ADD COLUMN speedup_high REAL;
ALTER TABLE streams ADD COLUMN gpu_hours    REAL; -- of all runs; NULL where its events cannot be read
