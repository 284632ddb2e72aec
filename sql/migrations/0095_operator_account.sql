-- The account of DISCOGS_PERSONAL_TOKEN, the last that is asked for price suggestions on behalf of everybody.

CREATE TABLE rekkrd.operator_account (
    is_only boolean PRIMARY KEY DEFAULT true,
    has_seller_settings boolean NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT operator_account_is_one_row CHECK (is_only)
);

COMMENT ON TABLE rekkrd.operator_account IS
'Whether the account of DISCOGS_PERSONAL_TOKEN gets price suggestions. Empty until Discogs first answered it.';
COMMENT ON COLUMN rekkrd.operator_account.checked_at IS 'The time of the last answer to this account.';

REVOKE ALL ON rekkrd.operator_account FROM public;
