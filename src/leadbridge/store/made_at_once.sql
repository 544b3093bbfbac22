CREATE TABLE agreement (
	version INTEGER NOT NULL,
	name TEXT NOT NULL,
	effective TEXT NOT NULL,
	digest TEXT NOT NULL,
	document TEXT NOT NULL,
	first_used_us BIGINT NOT NULL, holidays TEXT DEFAULT '{}' NOT NULL,
	PRIMARY KEY (version)
)

CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)

CREATE TABLE base (
	connection TEXT NOT NULL,
	lead TEXT NOT NULL,
	fields TEXT NOT NULL,
	PRIMARY KEY (connection, lead)
)

CREATE TABLE basis (
	name TEXT NOT NULL,
	digest TEXT NOT NULL,
	PRIMARY KEY (name)
)

CREATE TABLE clock (
	lead TEXT NOT NULL,
	policy TEXT NOT NULL,
	target TEXT NOT NULL,
	about TEXT NOT NULL,
	turn INTEGER NOT NULL,
	agreement INTEGER NOT NULL,
	duty_of TEXT NOT NULL,
	owner TEXT NOT NULL,
	queue TEXT NOT NULL,
	state TEXT NOT NULL,
	started_us BIGINT NOT NULL,
	warns_us BIGINT,
	due_us BIGINT,
	broken_us BIGINT,
	PRIMARY KEY (lead, policy, target, about, turn, agreement)
)

CREATE TABLE "conflict" (
	id INTEGER NOT NULL,
	lead TEXT NOT NULL,
	field TEXT NOT NULL,
	"values" TEXT NOT NULL,
	winner TEXT NOT NULL,
	rule TEXT NOT NULL,
	settled_us BIGINT NOT NULL,
	PRIMARY KEY (id)
)

CREATE TABLE connection (
	name TEXT NOT NULL,
	system TEXT NOT NULL,
	account TEXT NOT NULL,
	PRIMARY KEY (name)
)

CREATE TABLE cursor (
	connection TEXT NOT NULL,
	kind TEXT NOT NULL,
	cursor TEXT NOT NULL,
	fields_hash TEXT NOT NULL,
	PRIMARY KEY (connection, kind)
)

CREATE TABLE erasure (
	id TEXT NOT NULL,
	lead TEXT,
	begun_us BIGINT NOT NULL,
	done_us BIGINT,
	records TEXT NOT NULL,
	counts TEXT NOT NULL,
	PRIMARY KEY (id)
)

CREATE TABLE fact (
	position INTEGER NOT NULL,
	lead TEXT NOT NULL,
	type TEXT NOT NULL,
	version INTEGER NOT NULL,
	occurred_us BIGINT NOT NULL,
	recorded_us BIGINT NOT NULL,
	actor TEXT NOT NULL,
	system TEXT NOT NULL,
	cause TEXT NOT NULL,
	agreement INTEGER NOT NULL,
	precision TEXT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (position)
)

CREATE TABLE handle (
	connection TEXT NOT NULL,
	kind TEXT NOT NULL,
	id TEXT NOT NULL,
	digest TEXT NOT NULL,
	PRIMARY KEY (connection, kind, id, digest)
)

CREATE TABLE hint (
	connection TEXT NOT NULL,
	kind TEXT NOT NULL,
	id TEXT NOT NULL,
	seen_us BIGINT NOT NULL,
	PRIMARY KEY (connection, kind, id)
)

CREATE TABLE intent (
	"key" TEXT NOT NULL,
	lead TEXT NOT NULL,
	connection TEXT NOT NULL,
	kind TEXT NOT NULL,
	action TEXT NOT NULL,
	target TEXT NOT NULL,
	fields TEXT NOT NULL,
	expect TEXT NOT NULL,
	agreed TEXT NOT NULL,
	because TEXT NOT NULL,
	"after" TEXT,
	state TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	sent_us BIGINT,
	reason TEXT NOT NULL,
	sequence INTEGER NOT NULL, "plan" TEXT DEFAULT '' NOT NULL, owner TEXT DEFAULT '' NOT NULL, until_us BIGINT DEFAULT '0' NOT NULL, fence BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY ("key")
)

CREATE TABLE keyring (
	name TEXT NOT NULL,
	"key" TEXT NOT NULL,
	PRIMARY KEY (name)
)

CREATE TABLE lease (
	name TEXT NOT NULL,
	owner TEXT NOT NULL,
	fence BIGINT NOT NULL,
	until_us BIGINT NOT NULL,
	PRIMARY KEY (name)
)

CREATE TABLE link (
	connection TEXT NOT NULL,
	kind TEXT NOT NULL,
	id TEXT NOT NULL,
	lead TEXT NOT NULL,
	status TEXT NOT NULL,
	PRIMARY KEY (connection, kind, id)
)

CREATE TABLE observation (
	connection TEXT NOT NULL,
	kind TEXT NOT NULL,
	id TEXT NOT NULL,
	version TEXT NOT NULL,
	modified_us BIGINT NOT NULL,
	state TEXT NOT NULL,
	successor_kind TEXT,
	successor_id TEXT,
	fields TEXT NOT NULL,
	hash TEXT NOT NULL,
	dirty BOOLEAN NOT NULL, swept INTEGER DEFAULT '0' NOT NULL,
	PRIMARY KEY (connection, kind, id)
)

CREATE TABLE quarantine (
	fingerprint TEXT NOT NULL,
	connection TEXT NOT NULL,
	kind TEXT NOT NULL,
	record TEXT NOT NULL,
	lead TEXT,
	origin TEXT NOT NULL,
	subject TEXT NOT NULL,
	reason TEXT NOT NULL,
	remedy TEXT NOT NULL,
	since_us BIGINT NOT NULL,
	resolved_us BIGINT, stamp TEXT DEFAULT '' NOT NULL, tries INTEGER DEFAULT '1' NOT NULL, tried_us BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (fingerprint)
)

CREATE TABLE refold (
	lead TEXT NOT NULL,
	from_us BIGINT NOT NULL,
	stamp TEXT NOT NULL,
	PRIMARY KEY (lead)
)

CREATE TABLE relation (
	connection TEXT NOT NULL,
	kind TEXT NOT NULL,
	id TEXT NOT NULL,
	lead TEXT NOT NULL,
	PRIMARY KEY (connection, kind, id, lead)
)

CREATE TABLE round (
	id INTEGER NOT NULL,
	started_us BIGINT NOT NULL,
	finished_us BIGINT,
	counts TEXT NOT NULL,
	PRIMARY KEY (id)
)

CREATE TABLE secret (
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY ("key")
)

CREATE TABLE suppressed (
	digest TEXT NOT NULL,
	since_us BIGINT NOT NULL,
	PRIMARY KEY (digest)
)

CREATE TABLE sweep (
	connection TEXT NOT NULL,
	kind TEXT NOT NULL,
	number INTEGER NOT NULL,
	cursor TEXT,
	finished_us BIGINT NOT NULL,
	PRIMARY KEY (connection, kind)
)

CREATE TABLE timer (
	lead TEXT NOT NULL,
	due_us BIGINT NOT NULL,
	PRIMARY KEY (lead)
)

CREATE INDEX clock_board ON clock (owner, queue, duty_of, state, due_us, broken_us)

CREATE INDEX handle_digest ON handle (digest)

CREATE INDEX intent_open ON intent (connection, kind, action, sequence, "key") WHERE state in ('pending', 'inflight', 'unknown')

CREATE INDEX intent_plan ON intent ("plan")

CREATE INDEX ix_conflict_lead ON "conflict" (lead)

CREATE INDEX ix_fact_lead ON fact (lead)

CREATE INDEX ix_intent_lead ON intent (lead)

CREATE INDEX ix_link_lead ON link (lead)

CREATE INDEX ix_quarantine_lead ON quarantine (lead)

CREATE INDEX ix_refold_from_us ON refold (from_us)

CREATE INDEX ix_timer_due_us ON timer (due_us)

CREATE UNIQUE INDEX link_one_live_record ON link (lead, connection) WHERE status = 'live'

CREATE INDEX observation_dirty ON observation (dirty) WHERE dirty

CREATE INDEX relation_lead ON relation (lead)

INSERT INTO alembic_version VALUES('0009')
