-- A campaign of schema 0001 with two configurations and a label; made by `iterdump` of a real one.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE campaign_info (
	id INTEGER NOT NULL, 
	dimer TEXT NOT NULL, 
	host TEXT NOT NULL, 
	host_symbols JSON NOT NULL, 
	host_positions_angstrom JSON NOT NULL, 
	host_source TEXT NOT NULL, 
	probe TEXT NOT NULL, 
	teacher TEXT NOT NULL, 
	recipe TEXT NOT NULL, 
	recipe_hash TEXT NOT NULL, 
	well_below_cm1 FLOAT NOT NULL, 
	limit_cm1 FLOAT NOT NULL, 
	test_frozen_at DATETIME, 
	created_at DATETIME NOT NULL, 
	nci_version TEXT NOT NULL, 
	CONSTRAINT pk_campaign_info PRIMARY KEY (id), 
	CONSTRAINT ck_campaign_info_one_row CHECK (id = 1)
);
INSERT INTO "campaign_info" VALUES(1,'he-benzene','benzene','["C"]','[[0.0,0.0,0.0]]','','He','hf-d4','quick','r1',-20.0,1000.0,'2026-01-05 10:00:00.000000','2026-01-05 10:00:00.000000','0.1.0');
CREATE TABLE configurations (
	id INTEGER NOT NULL, 
	geometry_hash TEXT NOT NULL, 
	x_angstrom FLOAT NOT NULL, 
	y_angstrom FLOAT NOT NULL, 
	z_angstrom FLOAT NOT NULL, 
	origin TEXT NOT NULL, 
	sample_seed INTEGER, 
	split VARCHAR(8) NOT NULL, 
	sector TEXT, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_configurations PRIMARY KEY (id), 
	CONSTRAINT ck_configurations_split CHECK (split IN ('pool', 'test')), 
	CONSTRAINT uq_configurations_geometry_hash UNIQUE (geometry_hash)
);
INSERT INTO "configurations" VALUES(1,'aaaa',0.0,0.0,3.0,'sample',1,'pool','face','2026-01-05 10:00:00.000000');
INSERT INTO "configurations" VALUES(2,'bbbb',0.0,0.0,4.0,'sample',1,'test','face','2026-01-05 10:00:00.000000');
CREATE TABLE cut_points (
	id INTEGER NOT NULL, 
	model_id INTEGER, 
	teacher TEXT, 
	cut TEXT NOT NULL, 
	distance_angstrom FLOAT NOT NULL, 
	x_angstrom FLOAT NOT NULL, 
	y_angstrom FLOAT NOT NULL, 
	z_angstrom FLOAT NOT NULL, 
	energy_ev FLOAT NOT NULL, 
	std_ev FLOAT, 
	repulsion_ev FLOAT, 
	dispersion_ev FLOAT, 
	CONSTRAINT pk_cut_points PRIMARY KEY (id), 
	CONSTRAINT fk_cut_points_model_id FOREIGN KEY(model_id) REFERENCES models (id) ON DELETE CASCADE
);
CREATE TABLE labels (
	id INTEGER NOT NULL, 
	configuration_id INTEGER NOT NULL, 
	recipe TEXT NOT NULL, 
	recipe_hash TEXT NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	energy_ev FLOAT, 
	hf_ev FLOAT, 
	ccsd_ev FLOAT, 
	triples_ev FLOAT, 
	result JSON, 
	cpu_seconds FLOAT, 
	wall_seconds FLOAT, 
	memory_gb FLOAT, 
	error TEXT, 
	quarantine TEXT, 
	round_number INTEGER, 
	picked_by TEXT, 
	job_id INTEGER, 
	created_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	CONSTRAINT pk_labels PRIMARY KEY (id), 
	CONSTRAINT ck_labels_complete_has_energy CHECK (status <> 'complete' OR energy_ev IS NOT NULL), 
	CONSTRAINT ck_labels_status CHECK (status IN ('waiting', 'running', 'complete', 'error', 'cancelled')), 
	CONSTRAINT fk_labels_configuration_id FOREIGN KEY(configuration_id) REFERENCES configurations (id), 
	CONSTRAINT uq_labels_configuration_id_recipe_hash UNIQUE (configuration_id, recipe_hash)
);
INSERT INTO "labels" VALUES(1,1,'quick','r1','complete',-0.0111902,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-01-05 10:00:00.000000',NULL);
CREATE TABLE metrics (
	id INTEGER NOT NULL, 
	model_id INTEGER, 
	teacher TEXT, 
	split TEXT NOT NULL, 
	recipe_hash TEXT NOT NULL, 
	region TEXT NOT NULL, 
	n INTEGER NOT NULL, 
	mae_cm1 FLOAT NOT NULL, 
	rmse_cm1 FLOAT NOT NULL, 
	max_cm1 FLOAT NOT NULL, 
	bias_cm1 FLOAT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_metrics PRIMARY KEY (id), 
	CONSTRAINT fk_metrics_model_id FOREIGN KEY(model_id) REFERENCES models (id) ON DELETE CASCADE
);
CREATE TABLE models (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	path TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	recipe_hash TEXT, 
	teacher TEXT, 
	round_number INTEGER NOT NULL, 
	parent_id INTEGER, 
	n_labels INTEGER NOT NULL, 
	settings JSON NOT NULL, 
	seed INTEGER, 
	seconds FLOAT NOT NULL, 
	device TEXT NOT NULL, 
	active BOOLEAN NOT NULL, 
	notes JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_models PRIMARY KEY (id), 
	CONSTRAINT ck_models_kind CHECK (kind IN ('distilled', 'finetuned', 'direct')), 
	CONSTRAINT fk_models_parent_id FOREIGN KEY(parent_id) REFERENCES models (id), 
	CONSTRAINT uq_models_name UNIQUE (name)
);
CREATE TABLE picks (
	id INTEGER NOT NULL, 
	configuration_id INTEGER NOT NULL, 
	picked_by TEXT NOT NULL, 
	round_number INTEGER NOT NULL, 
	rank INTEGER, 
	score FLOAT, 
	reason TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_picks PRIMARY KEY (id), 
	CONSTRAINT ck_picks_state CHECK (state IN ('basket', 'submitted', 'dropped')), 
	CONSTRAINT fk_picks_configuration_id FOREIGN KEY(configuration_id) REFERENCES configurations (id), 
	CONSTRAINT uq_picks_configuration_id_picked_by_round_number UNIQUE (configuration_id, picked_by, round_number)
);
CREATE TABLE predictions (
	model_id INTEGER NOT NULL, 
	configuration_id INTEGER NOT NULL, 
	energy_ev FLOAT NOT NULL, 
	std_ev FLOAT, 
	CONSTRAINT pk_predictions PRIMARY KEY (model_id, configuration_id), 
	CONSTRAINT fk_predictions_configuration_id FOREIGN KEY(configuration_id) REFERENCES configurations (id), 
	CONSTRAINT fk_predictions_model_id FOREIGN KEY(model_id) REFERENCES models (id) ON DELETE CASCADE
);
CREATE TABLE rounds (
	number INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	strategy TEXT, 
	picked_by TEXT, 
	notes TEXT NOT NULL, 
	recipe_hash TEXT, 
	created_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	cpu_seconds FLOAT NOT NULL, 
	CONSTRAINT pk_rounds PRIMARY KEY (number)
);
CREATE TABLE teacher_labels (
	configuration_id INTEGER NOT NULL, 
	teacher TEXT NOT NULL, 
	energy_ev FLOAT NOT NULL, 
	channels_ev JSON NOT NULL, 
	force_ev_angstrom JSON, 
	seconds FLOAT NOT NULL, 
	CONSTRAINT pk_teacher_labels PRIMARY KEY (configuration_id, teacher), 
	CONSTRAINT fk_teacher_labels_configuration_id FOREIGN KEY(configuration_id) REFERENCES configurations (id)
);
CREATE INDEX ix_configurations_split ON configurations (split);
CREATE INDEX ix_cut_points_model_id_cut ON cut_points (model_id, cut);
CREATE INDEX ix_cut_points_teacher_cut ON cut_points (teacher, cut);
CREATE INDEX ix_labels_job_id ON labels (job_id);
CREATE INDEX ix_labels_recipe_hash_status ON labels (recipe_hash, status);
CREATE INDEX ix_labels_round_number ON labels (round_number);
CREATE INDEX ix_metrics_model_id ON metrics (model_id);
CREATE INDEX ix_metrics_recipe_hash_split ON metrics (recipe_hash, split);
CREATE INDEX ix_picks_state ON picks (state);
CREATE TRIGGER configurations_split_frozen BEFORE UPDATE OF split ON configurations
    WHEN NEW.split <> OLD.split
    AND (EXISTS (SELECT 1 FROM campaign_info WHERE test_frozen_at IS NOT NULL) OR EXISTS (SELECT 1 FROM labels WHERE configuration_id = OLD.id))
    BEGIN SELECT RAISE(ABORT, 'nci: A configuration cannot move between pool and test set once it has a label or the test set is frozen; nothing was changed.'); END;
CREATE TRIGGER configurations_test_closed BEFORE INSERT ON configurations
    WHEN NEW.split = 'test' AND EXISTS (SELECT 1 FROM campaign_info WHERE test_frozen_at IS NOT NULL)
    BEGIN SELECT RAISE(ABORT, 'nci: The test set is frozen, so no configuration can be added to it; nothing was changed.'); END;
CREATE TRIGGER picks_never_test BEFORE INSERT ON picks
    WHEN (SELECT split FROM configurations WHERE id = NEW.configuration_id) = 'test'
    BEGIN SELECT RAISE(ABORT, 'nci: A configuration of the test set cannot be picked; nothing was changed.'); END;
COMMIT;
