// Generated from internal/openapi/openapi.yaml by `npm run types`. Do not edit.

export interface components {
    schemas: {
        /**
         * @example {
         *       "type": "about:blank",
         *       "title": "Unprocessable Entity",
         *       "status": 422,
         *       "code": "invalid",
         *       "detail": "The flow needs a name.",
         *       "errors": [
         *         {
         *           "field": "name",
         *           "message": "use 1 to 100 characters"
         *         }
         *       ],
         *       "request_id": "5QWJBE2YF6KTHZ3M"
         *     }
         */
        Problem: {
            /** @description Always about:blank: `code` tells failures apart */
            type: string;
            /** @description The status in words */
            title: string;
            status: number;
            code: components["schemas"]["Code"];
            /** @description What is wrong and what to do next */
            detail: string;
            errors?: components["schemas"]["FieldProblem"][];
            /** @description For the log and the support */
            request_id?: string;
        };
        /** @enum {string} */
        Code: "invalid" | "unauthenticated" | "forbidden" | "not_found" | "conflict" | "too_large" | "rate_limited" | "limit_reached" | "unavailable" | "needs_reinstall" | "internal" | "token_expired" | "token_invalid" | "wrong_app" | "wrong_store" | "store_not_installed" | "origin_refused" | "scope_missing" | "login_unavailable" | "channel_unknown" | "customer_not_found" | "customer_ambiguous" | "customer_other_channel";
        FieldProblem: {
            field: string;
            /** @description What is wrong with it, to be read after its name */
            message: string;
        };
        /** @example {} */
        Empty: Record<string, never>;
        /**
         * @description A UUID
         * @example 0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31
         */
        ID: string;
        /**
         * Format: date-time
         * @example 2026-11-25T10:00:00Z
         */
        Time: string;
        /** Format: date-time */
        NullTime: string | null;
        /** @description For the next page; empty at the end */
        Next: string;
        Store: {
            hash: string;
            name: string;
            domain: string;
            secure_url: string;
            plan_name: string;
            /** @description IANA name; UTC until the store was read */
            timezone: string;
            /** @description ISO 4217 */
            currency: string;
            /** @enum {string} */
            state: "active" | "needs_reinstall" | "uninstalled";
            /** @description Why, and what to do */
            state_reason: string;
            /**
             * @description How the store came to Sluice
             * @enum {string}
             */
            origin: "marketplace" | "credentials";
            /** @description Granted, with spaces between */
            scopes: string;
            installed_at: components["schemas"]["Time"];
            uninstalled_at?: components["schemas"]["Time"];
        };
        /**
         * @example {
         *       "id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31",
         *       "user_id": 42,
         *       "email": "pat@merchant.example",
         *       "role": "admin",
         *       "locale": "en-GB",
         *       "created_at": "2026-11-20T09:00:00Z"
         *     }
         */
        User: {
            id: components["schemas"]["ID"];
            /** @description BigCommerce's id */
            user_id: number;
            email: string;
            /** @enum {string} */
            role: "owner" | "admin" | "viewer";
            locale: string;
            last_seen_at?: components["schemas"]["Time"];
            removed_at?: components["schemas"]["Time"];
            created_at: components["schemas"]["Time"];
        };
        /**
         * @example {
         *       "store": {
         *         "hash": "abc123",
         *         "name": "Merchant",
         *         "domain": "merchant.example",
         *         "secure_url": "https://merchant.example",
         *         "plan_name": "Pro",
         *         "timezone": "Europe/Zurich",
         *         "currency": "CHF",
         *         "state": "active",
         *         "state_reason": "",
         *         "origin": "marketplace",
         *         "scopes": "store_v2_products store_v2_customers",
         *         "installed_at": "2026-11-20T09:00:00Z"
         *       },
         *       "user": null,
         *       "channel_id": null,
         *       "deep_link": "",
         *       "locale": "",
         *       "missing_scopes": [],
         *       "shared_address_until": null,
         *       "attention": 0,
         *       "permissions": {
         *         "write": true,
         *         "admin": false,
         *         "owner": false
         *       },
         *       "version": "1.0.0",
         *       "sandbox": false,
         *       "support_url": ""
         *     }
         */
        Session: {
            store: components["schemas"]["Store"];
            /** @description null for an API key */
            user: components["schemas"]["User"] | null;
            /** @description The channel from whose page the panel was opened */
            channel_id: number | null;
            deep_link: string;
            locale: string;
            missing_scopes: string[];
            /** @description Until when shoppers may sign in by the redirect address that all stores share; null: no worry */
            shared_address_until: components["schemas"]["NullTime"];
            /** @description Open problems that are not muted */
            attention: number;
            permissions: {
                write: boolean;
                admin: boolean;
                owner: boolean;
            };
            /** @description Sluice's */
            version: string;
            /** @description The app talks to a sandbox instead of BigCommerce */
            sandbox: boolean;
            support_url: string;
        };
        /**
         * @example {
         *       "token": "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzbHVpY2UifQ.c2lnbmF0dXJl",
         *       "expires_at": "2026-11-25T10:30:00Z"
         *     }
         */
        RenewedSession: {
            token: string;
            expires_at: components["schemas"]["Time"];
        };
        /**
         * @example {
         *       "known": true,
         *       "quota": 150,
         *       "left": 92,
         *       "out": 4,
         *       "window_ms": 30000,
         *       "reset_ms": 12500,
         *       "waiting": 3,
         *       "delayed": 0,
         *       "in_flight": 1,
         *       "paused": false,
         *       "at": "2026-11-25T10:00:00Z"
         *     }
         */
        Quota: {
            /** @description false until BigCommerce's first answer with rate headers */
            known: boolean;
            /** @description Requests a window */
            quota: number;
            /** @description Of the current window */
            left: number;
            /** @description Sent, not answered yet */
            out: number;
            window_ms: number;
            /** @description Until the window ends */
            reset_ms: number;
            /** @description Jobs */
            waiting: number;
            delayed: number;
            in_flight: number;
            paused: boolean;
            at: components["schemas"]["Time"];
        };
        QuotaPoint: {
            at: components["schemas"]["Time"];
            /** @description Requests of ours */
            used: number;
            /** @description Requests of other apps, as far as the answers to ours told */
            others: number;
            /** @description The fewest left in a window */
            left_min: number | null;
            /** @description Requests a window; 0 while no answer told */
            quota: number;
            window_ms: number;
            /** @description Answers 429: the window was used up */
            throttled_quota: number;
            /** @description Answers 429: too many at once */
            throttled_concurrency: number;
            /** @description Answers 429: BigCommerce was overloaded */
            throttled_load: number;
        };
        /**
         * @example {
         *       "points": [
         *         {
         *           "at": "2026-11-25T09:00:00Z",
         *           "used": 120,
         *           "others": 4,
         *           "left_min": 26,
         *           "quota": 150,
         *           "window_ms": 30000,
         *           "throttled_quota": 0,
         *           "throttled_concurrency": 0,
         *           "throttled_load": 0
         *         }
         *       ],
         *       "step_minutes": 1,
         *       "from": "2026-11-25T07:00:00Z",
         *       "to": "2026-11-25T10:00:00Z"
         *     }
         */
        QuotaHistory: {
            points: components["schemas"]["QuotaPoint"][];
            /** @enum {integer} */
            step_minutes: 1 | 5 | 60;
            from: components["schemas"]["Time"];
            to: components["schemas"]["Time"];
        };
        /** @description How to read a source. What is absent is detected. */
        Format: {
            /** @enum {string} */
            type?: "" | "csv" | "ndjson" | "json" | "xml" | "xlsx";
            /** @enum {string} */
            encoding?: "" | "utf-8" | "utf-8-twice" | "utf-16le" | "utf-16be" | "latin-1" | "windows-1250" | "windows-1251" | "windows-1253" | "windows-1254" | "windows-1255" | "windows-1256" | "windows-1257" | "windows-1258" | "windows-874" | "ibm437" | "ibm850" | "ibm852" | "ibm866" | "macintosh" | "x-mac-cyrillic" | "koi8-r" | "koi8-u" | "iso-8859-2" | "iso-8859-3" | "iso-8859-4" | "iso-8859-5" | "iso-8859-6" | "iso-8859-7" | "iso-8859-8" | "iso-8859-10" | "iso-8859-13" | "iso-8859-14" | "iso-8859-15" | "iso-8859-16" | "shift_jis" | "euc-jp" | "gbk" | "big5" | "euc-kr";
            /** @description Of CSV: one to three characters, none of them a letter, digit, quote or space */
            delimiter?: string;
            /** @description Of CSV and sheets: the row with the names of the columns, counted as a spreadsheet does. -1: the file has none; its columns are called column_1, column_2 … */
            header_row?: number;
            /** @description Of a workbook: the name of the sheet that is read. Only needed if several have rows */
            sheet?: string;
            /** @description Where the records are. Of JSON: the list of them, keys with points between them; empty if the document is the list. Of XML: the element that each is, names with slashes between them from the outermost on */
            path?: string;
            /**
             * @description What the file is packed in; it is always found
             * @enum {string}
             */
            archive?: "" | "gzip" | "zip";
            /** @description Of a zip: the file in it that is read. Only needed if there are several */
            member?: string;
        };
        Mapping: {
            fields?: components["schemas"]["FieldMapping"][] | null;
            /** @description Columns that are meant to fill nothing, so that the panel does not offer them. Runs do not ask for them */
            ignored?: string[];
            layout?: components["schemas"]["Layout"];
        };
        /** @description How rows of the source make records; without it each row is one. Its texts are expressions over the columns of a row */
        Layout: {
            /**
             * @description rows: each is a record. group: those with the same key. parent: a record's own row, and rows that name it or that it names. lists: each row is a record, and lists of values in it multiply
             * @enum {string}
             */
            kind: "rows" | "group" | "parent" | "lists";
            /** @description Of group: rows with the same value are one record. Of parent: the key of a record's own row */
            key?: string;
            /** @description True of the first row of each record, for a group without a key */
            start?: string;
            /** @description The key of the record that the row is a part of; empty on its own row */
            parent?: string;
            /** @description Over a record's own row: a list of the keys of the rows that are parts of it */
            children?: string;
            /** @description Other rows may stand between the rows of one record */
            apart?: boolean;
            /** @description True of rows that are no records */
            leave?: string;
            /** @description What those are, for people */
            why?: string;
            /** @description Between the values of a list; a comma unless given */
            separator?: string;
        };
        SuggestedMapping: {
            fields: components["schemas"]["SuggestedField"][];
            layout?: components["schemas"]["Layout"];
            profile?: components["schemas"]["SeenProfile"];
            options?: components["schemas"]["FlowOptions"];
            /** @description What is proposed without the profile */
            without?: components["schemas"]["SuggestedMapping"];
            /** @description What only the merchant knows */
            asks?: components["schemas"]["Asked"][];
            /** @description Fields that have to be filled and whose own column does not fit */
            unfit?: components["schemas"]["Unfit"][];
        };
        /** @description The system that the file comes from */
        SeenProfile: {
            name: string;
            /** @description After "This looks like" */
            label: string;
            /** @description What people should know of such files */
            note?: string;
        };
        /** @description A question. Its answer makes fields possible, in whose expressions it takes the place of {ANSWER} inside of quotation marks */
        Asked: {
            name: string;
            label: string;
            help: string;
            example: string;
            fields: components["schemas"]["FieldMapping"][];
        };
        Unfit: {
            target: string;
            label: string;
            column: string;
            /** @description One that does not fit; empty if the column is */
            value: string;
            /** @description Why not, and what to do */
            message: string;
        };
        SuggestedField: {
            /** @description A name that GET /kinds/{kind}/fields lists; of a family, that and a name */
            target: string;
            /** @description Over the columns of a row */
            expression: string;
            /**
             * @description The decimal sign of its numbers; empty: as the file proves, asked if both are possible
             * @enum {string}
             */
            decimal?: "" | "point" | "comma";
            /**
             * @description Of numbers without a unit; empty: as the file says
             * @enum {string}
             */
            unit?: "" | "kg" | "g" | "mg" | "t" | "lb" | "oz" | "m" | "cm" | "mm" | "in" | "ft" | "yd";
            /**
             * @description What comes first in dates such as 3/4/2026; empty: as the file proves, asked if both are possible
             * @enum {string}
             */
            date?: "" | "day" | "month";
            /**
             * @description Of which records it is filled: an empty text is all, created those that a run creates, empty those that have nothing there
             * @enum {string}
             */
            fill?: "" | "created" | "empty";
            /** @description A constant for records that a run creates and for which the expression has nothing */
            otherwise?: string;
            /**
             * @description What an empty cell does: empty leaves the field as it is, clears empties it
             * @enum {string}
             */
            empty?: "" | "clears";
            /**
             * @description What a value that cannot be used does: empty leaves the field as it is and warns, fail fails the row
             * @enum {string}
             */
            bad?: "" | "fail";
            /** @description No column says so: a value that many stores use, or a name that may mean something else. To be looked at */
            guessed: boolean;
        };
        FieldMapping: {
            /** @description A name that GET /kinds/{kind}/fields lists; of a family, that and a name */
            target: string;
            /** @description Over the columns of a row */
            expression: string;
            /**
             * @description The decimal sign of its numbers; empty: as the file proves, asked if both are possible
             * @enum {string}
             */
            decimal?: "" | "point" | "comma";
            /**
             * @description Of numbers without a unit; empty: as the file says
             * @enum {string}
             */
            unit?: "" | "kg" | "g" | "mg" | "t" | "lb" | "oz" | "m" | "cm" | "mm" | "in" | "ft" | "yd";
            /**
             * @description What comes first in dates such as 3/4/2026; empty: as the file proves, asked if both are possible
             * @enum {string}
             */
            date?: "" | "day" | "month";
            /**
             * @description Of which records it is filled: an empty text is all, created those that a run creates, empty those that have nothing there
             * @enum {string}
             */
            fill?: "" | "created" | "empty";
            /** @description A constant for records that a run creates and for which the expression has nothing */
            otherwise?: string;
            /**
             * @description What an empty cell does: empty leaves the field as it is, clears empties it
             * @enum {string}
             */
            empty?: "" | "clears";
            /**
             * @description What a value that cannot be used does: empty leaves the field as it is and warns, fail fails the row
             * @enum {string}
             */
            bad?: "" | "fail";
        };
        /**
         * @description Values of the options of the flow's kind, by name: see GET /kinds. A flow is shown with the default of each option that was not
         *     given. A name that the kind does not have and a value that it does not take are refused; the field is `options.NAME`.
         */
        FlowOptions: {
            [key: string]: components["schemas"]["OptionValue"];
        };
        /** @description A text for choice and text, a number for number, an object of texts by text for pairs; null and an empty text are as if not given */
        OptionValue: string | number | {
            [key: string]: string;
        } | null;
        Kind: {
            /** @description As flows have it in `kind` */
            name: string;
            /** @description Of a record, for people */
            singular: string;
            /** @description Of records, for people */
            plural: string;
            /** @description That a flow of this kind has, in the order in which to show them */
            options: components["schemas"]["KindOption"][];
            /** @description Of a run, in their order */
            phases: components["schemas"]["KindPhase"][];
        };
        KindOption: {
            /** @description Its name in a flow's options */
            name: string;
            /**
             * @description What the value is: one of values; a number; a text of at most 255 characters; an object of at most 200 texts by texts, each at most 255 characters
             * @enum {string}
             */
            type: "choice" | "number" | "text" | "pairs";
            /** @description Of its form field, for people */
            label: string;
            /** @description What it does, for people */
            help: string;
            /** @description Of a choice */
            values?: components["schemas"]["OptionChoice"][];
            /** @description The least number; 0 unless given */
            min?: number;
            /** @description The greatest number; 0 unless given */
            max?: number;
            /** @description Of a number, for people */
            unit?: string;
            default?: components["schemas"]["OptionValue"];
        };
        OptionChoice: {
            /** @description The value */
            name: string;
            /** @description For people */
            label: string;
        };
        KindPhase: {
            /**
             * @description As runs have it in `phase`
             * @enum {string}
             */
            name: "fetch" | "plan" | "assemble" | "match" | "write" | "finish";
            /** @description Of the progress bar, in percent: those of a kind are 100 together */
            share: number;
        };
        /**
         * @example {
         *       "kinds": [
         *         {
         *           "name": "products",
         *           "singular": "product",
         *           "plural": "products",
         *           "options": [
         *             {
         *               "name": "repeated_names",
         *               "type": "choice",
         *               "label": "Products with the same name",
         *               "help": "What to do with a product whose name another product has.",
         *               "values": [
         *                 {
         *                   "name": "append_sku",
         *                   "label": "Add the SKU to the name"
         *                 },
         *                 {
         *                   "name": "fail",
         *                   "label": "Refuse the record"
         *                 }
         *               ],
         *               "default": "append_sku"
         *             }
         *           ],
         *           "phases": [
         *             {
         *               "name": "fetch",
         *               "share": 2
         *             },
         *             {
         *               "name": "plan",
         *               "share": 8
         *             },
         *             {
         *               "name": "match",
         *               "share": 5
         *             },
         *             {
         *               "name": "write",
         *               "share": 85
         *             },
         *             {
         *               "name": "finish",
         *               "share": 0
         *             }
         *           ]
         *         }
         *       ]
         *     }
         */
        KindList: {
            kinds: components["schemas"]["Kind"][];
        };
        Connector: {
            /** @description As sources have it in `kind` */
            name: string;
            /** @description For people */
            label: string;
            /** @description When to choose it, for people */
            help: string;
            /** @description Of a source of this kind, in the order in which to show them */
            fields: components["schemas"]["ConnectorField"][];
        };
        ConnectorField: {
            /**
             * @description Its name in a source, which says what it is: an address; a secret, which is kept encrypted and never shown; a file that was uploaded
             * @enum {string}
             */
            name: "url" | "authorization" | "snapshot_id";
            /** @description Of its form field, for people */
            label: string;
            /** @description For people; may be empty */
            help: string;
            required: boolean;
        };
        /**
         * @example {
         *       "connectors": [
         *         {
         *           "name": "upload",
         *           "label": "A file that I upload",
         *           "help": "For a one-off, or to try a file before it has an address.",
         *           "fields": [
         *             {
         *               "name": "snapshot_id",
         *               "label": "File",
         *               "help": "Excel (.xlsx), CSV, XML or JSON, also zipped, of any size.",
         *               "required": true
         *             }
         *           ]
         *         }
         *       ]
         *     }
         */
        ConnectorList: {
            connectors: components["schemas"]["Connector"][];
        };
        SourceChange: {
            /** @description A name that GET /connectors lists; empty leaves the source as it is */
            kind?: string;
            url?: string;
            /** @description Value of the Authorization header to send; absent, null and empty keep the one that is there */
            authorization?: string | null;
            clear_authorization?: boolean;
            /** @description Of an upload */
            snapshot_id?: string;
        };
        Source: {
            /** @description A name that GET /connectors lists; empty while none is chosen */
            kind: string;
            /** @description The address, with ••• for credentials in it; sent back so, they stay as they are */
            url: string;
            has_secret: boolean;
            snapshot_id: string;
            filename: string;
            /** @description Bytes */
            size: number;
        };
        ScheduleChange: {
            /** @description Five fields; empty for none */
            cron?: string;
            enabled?: boolean;
        };
        Schedule: {
            cron: string;
            enabled: boolean;
            next_run_at: components["schemas"]["NullTime"];
            /** @description The store's, in which cron is read */
            time_zone: string;
        };
        /**
         * @example {
         *       "kind": "products",
         *       "name": "Catalogue"
         *     }
         */
        NewFlow: {
            /** @description A name that GET /kinds lists */
            kind: string;
            name: string;
        };
        /**
         * @example {
         *       "version": 3,
         *       "name": "Catalogue",
         *       "source": {
         *         "kind": "url",
         *         "url": "https://erp.example/products.csv"
         *       },
         *       "format": {
         *         "type": "csv"
         *       },
         *       "mapping": {
         *         "fields": [
         *           {
         *             "target": "sku",
         *             "expression": "SKU"
         *           },
         *           {
         *             "target": "name",
         *             "expression": "Name"
         *           }
         *         ]
         *       },
         *       "options": {},
         *       "schedule": {
         *         "cron": "0 2 * * *",
         *         "enabled": true
         *       },
         *       "compare_schedule": {
         *         "cron": "0 4 * * 0",
         *         "enabled": true
         *       }
         *     }
         */
        FlowChange: {
            version: number;
            name: string;
            source?: components["schemas"]["SourceChange"];
            format?: components["schemas"]["Format"];
            mapping?: components["schemas"]["Mapping"];
            options?: components["schemas"]["FlowOptions"];
            schedule?: components["schemas"]["ScheduleChange"] | null;
            /** @description When the flow compares with the store by itself */
            compare_schedule?: components["schemas"]["ScheduleChange"] | null;
        };
        /**
         * @example {
         *       "id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31",
         *       "kind": "products",
         *       "name": "Catalogue",
         *       "source": {
         *         "kind": "url",
         *         "url": "https://erp.example/products.csv",
         *         "has_secret": true,
         *         "snapshot_id": "",
         *         "filename": "",
         *         "size": 0
         *       },
         *       "format": {
         *         "type": "csv"
         *       },
         *       "mapping": {
         *         "fields": [
         *           {
         *             "target": "sku",
         *             "expression": "SKU"
         *           }
         *         ]
         *       },
         *       "options": {},
         *       "schedule": {
         *         "cron": "0 2 * * *",
         *         "enabled": true,
         *         "next_run_at": "2026-11-26T01:00:00Z",
         *         "time_zone": "Europe/Zurich"
         *       },
         *       "compare_schedule": {
         *         "cron": "0 4 * * 0",
         *         "enabled": true,
         *         "next_run_at": "2026-11-29T03:00:00Z",
         *         "time_zone": "Europe/Zurich"
         *       },
         *       "version": 3,
         *       "created_at": "2026-11-20T09:00:00Z",
         *       "updated_at": "2026-11-25T09:00:00Z",
         *       "last_run": null,
         *       "paused": "",
         *       "enabled": true,
         *       "ready": true,
         *       "problems": [],
         *       "health": {
         *         "state": "never",
         *         "since": null,
         *         "message": "Ready. It has not run yet."
         *       },
         *       "notice": ""
         *     }
         */
        Flow: {
            id: components["schemas"]["ID"];
            /** @description A name that GET /kinds lists */
            kind: string;
            name: string;
            source: components["schemas"]["Source"];
            format: components["schemas"]["Format"];
            mapping: components["schemas"]["Mapping"];
            options: components["schemas"]["FlowOptions"];
            schedule: components["schemas"]["Schedule"];
            /** @description Of runs that compare with the store. If both are due, one such run is for both */
            compare_schedule: components["schemas"]["Schedule"];
            /** @description Grows with each change */
            version: number;
            created_at: components["schemas"]["Time"];
            updated_at: components["schemas"]["Time"];
            last_run: components["schemas"]["Run"] | null;
            /** @description Why no run of it starts or goes on, and what to do: the store has not granted a scope that flows of this kind need. Empty if they do */
            paused: string;
            /** @description A person did not switch it off: see PUT /flows/{id}/enabled */
            enabled: boolean;
            /** @description It can run. Only such a flow can have a schedule that is on */
            ready: boolean;
            /** @description Why it cannot run; empty if it can */
            problems: components["schemas"]["FlowProblem"][];
            health: components["schemas"]["FlowHealth"];
            /** @description In the answer to a change: what else came of it, as a schedule that was switched off. Else empty */
            notice: string;
        };
        FlowProblem: {
            /**
             * @description Where it is put right
             * @enum {string}
             */
            part: "source" | "mapping" | "options";
            /** @description Of the mapping a target, of the options a name; may be empty */
            field: string;
            /** @description Of the field, for people; may be empty */
            label: string;
            /** @description What is wrong, a sentence that names the field */
            message: string;
        };
        FlowHealth: {
            /**
             * @description draft: it cannot run yet. off: a person switched it off. never: it can run and did not yet. attention: its last run left records out or was stopped. failing: its last run failed. asking, running, paused: so is its run
             * @enum {string}
             */
            state: "draft" | "off" | "never" | "ok" | "attention" | "failing" | "asking" | "running" | "paused";
            since: components["schemas"]["NullTime"];
            /** @description A sentence, for people */
            message: string;
        };
        /**
         * @example {
         *       "enabled": false
         *     }
         */
        FlowEnabled: {
            enabled: boolean;
        };
        /**
         * @example {
         *       "name": "Catalogue of the outlet"
         *     }
         */
        DuplicateFlow: {
            /** @description Of the copy; "NAME (copy)" unless given */
            name?: string;
        };
        OverviewKind: {
            kind: string;
            /** @description Of the records, for people: Products */
            label: string;
            flows: number;
            /**
             * @description The worst of its flows; none while no run has ended well or badly
             * @enum {string}
             */
            state: "none" | "ok" | "attention" | "failing" | "running";
            /** @description That its flows keep in step */
            records: number;
            last_success_at: components["schemas"]["NullTime"];
            /** @description Records that the last runs of its flows left out */
            problems: number;
        };
        OverviewDay: {
            /**
             * Format: date
             * @description In the store's time zone
             */
            date: string;
            /** @description That wrote, not previews */
            runs: number;
            /** @description Records */
            changed: number;
            /** @description Records that were left out */
            problems: number;
            /** @description Runs */
            failed: number;
            /** @description That the runs took together */
            seconds: number;
        };
        OverviewNext: {
            flow_id: string;
            flow_name: string;
            at: components["schemas"]["Time"];
            compare: boolean;
        };
        OverviewGuide: {
            /** @description A flow has a source */
            connected: boolean;
            /** @description A flow can run */
            matched: boolean;
            /** @description A dry run came to its end */
            previewed: boolean;
            /** @description A real run wrote a record or more and left none out */
            landed: boolean;
            /** @description The flow that is furthest; empty if there is none */
            flow_id: string;
            /** @description Its last run; empty if there is none */
            run_id: string;
            /** @description That run is not over */
            under_way: boolean;
        };
        /**
         * @example {
         *       "kinds": [
         *         {
         *           "kind": "products",
         *           "label": "Products",
         *           "flows": 1,
         *           "state": "ok",
         *           "records": 12480,
         *           "last_success_at": "2026-11-25T01:04:00Z",
         *           "problems": 0
         *         }
         *       ],
         *       "history": [
         *         {
         *           "date": "2026-11-25",
         *           "runs": 1,
         *           "changed": 12,
         *           "problems": 0,
         *           "failed": 0,
         *           "seconds": 240
         *         }
         *       ],
         *       "next": [
         *         {
         *           "flow_id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31",
         *           "flow_name": "Catalogue",
         *           "at": "2026-11-26T01:00:00Z",
         *           "compare": false
         *         }
         *       ],
         *       "guide": {
         *         "connected": true,
         *         "matched": true,
         *         "previewed": true,
         *         "landed": true,
         *         "flow_id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31",
         *         "run_id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c32",
         *         "under_way": false
         *       }
         *     }
         */
        Overview: {
            /** @description All kinds, also those without a flow */
            kinds: components["schemas"]["OverviewKind"][];
            /** @description Fourteen days, the oldest first, days without runs too */
            history: components["schemas"]["OverviewDay"][];
            /** @description At most five */
            next: components["schemas"]["OverviewNext"][];
            guide: components["schemas"]["OverviewGuide"];
        };
        Actor: {
            /** @enum {string} */
            type: "user" | "key" | "schedule" | "system" | "bigcommerce" | "operator";
            /** @description Of a user or key; else empty */
            id: string;
            /** @description Of a user the e-mail address, of a key its name; for people */
            name: string;
        };
        ActivityEntry: {
            id: components["schemas"]["ID"];
            at: components["schemas"]["Time"];
            /** @enum {string} */
            type: "run" | "change";
            actor: components["schemas"]["Actor"];
            /** @description Of an entry of type run */
            run: components["schemas"]["Run"] | null;
            /** @description Of a change: what was done, as the audit has it. Empty for a run */
            action: string;
            /** @description The id of what it was done to; may be empty */
            subject: string;
            /** @description Its name now; empty if it has none or is gone */
            subject_name: string;
            detail: string;
        };
        /**
         * @example {
         *       "entries": [
         *         {
         *           "id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c35",
         *           "at": "2026-11-25T10:00:00Z",
         *           "type": "change",
         *           "actor": {
         *             "type": "user",
         *             "id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c34",
         *             "name": "anna@shop.example"
         *           },
         *           "run": null,
         *           "action": "flow.created",
         *           "subject": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31",
         *           "subject_name": "Catalogue",
         *           "detail": "Catalogue"
         *         }
         *       ],
         *       "next": ""
         *     }
         */
        ActivityList: {
            entries: components["schemas"]["ActivityEntry"][];
            next: components["schemas"]["Next"];
        };
        /**
         * @example {
         *       "flows": [],
         *       "next": ""
         *     }
         */
        FlowList: {
            flows: components["schemas"]["Flow"][];
            next: components["schemas"]["Next"];
        };
        TargetField: {
            name: string;
            label: string;
            /** @enum {string} */
            type: "string" | "integer" | "number" | "boolean" | "array";
            required: boolean;
            /** @description Records are told apart by it */
            key: boolean;
            /**
             * @description Where to show it
             * @enum {string}
             */
            group: "required" | "common" | "variants" | "media" | "seo" | "shipping" | "more";
            /** @description What else it is called, for a search: lower case letters and digits only */
            synonyms: string[];
            /** @description Of a number: the store's currency or unit of weight or length; empty for none */
            unit: string;
            /** @description Characters */
            max_length?: number;
            enum?: string[];
            help?: string;
            /** @description The field is many: what a mapping fills is this name, which ends with a colon, and a name that somebody gives */
            family?: {
                /** @description What the names are of */
                label: string;
                /** @description Of one mapping */
                most: number;
                /** @description Characters of a name */
                max_length: number;
            };
            /** @description A mapping may have empty cells empty it in the store */
            clears: boolean;
            /** @description A value that cannot be used fails the row, whatever the mapping says */
            strict: boolean;
        };
        /**
         * @example {
         *       "fields": [
         *         {
         *           "name": "sku",
         *           "label": "SKU",
         *           "type": "string",
         *           "required": true,
         *           "key": true,
         *           "group": "required",
         *           "synonyms": [
         *             "sku",
         *             "itemnumber"
         *           ],
         *           "unit": "",
         *           "max_length": 255,
         *           "clears": false,
         *           "strict": true
         *         }
         *       ]
         *     }
         */
        TargetFields: {
            fields: components["schemas"]["TargetField"][];
        };
        ExpressionExample: {
            /** @description An expression */
            form: string;
            /** @description What it is */
            help: string;
        };
        ExpressionFunction: {
            name: string;
            /** @description How it is called */
            form: string;
            /** @description What it returns */
            help: string;
        };
        /**
         * @example {
         *       "words": [
         *         "and",
         *         "row"
         *       ],
         *       "functions": [
         *         {
         *           "name": "trim",
         *           "form": "trim(Name)",
         *           "help": "without white space around it"
         *         }
         *       ],
         *       "examples": [
         *         {
         *           "form": "\"physical\"",
         *           "help": "the same text for every row"
         *         }
         *       ]
         *     }
         */
        Expressions: {
            /** @description Words of the language. A column with the name of one, or of a function, is row["name"] */
            words: string[];
            functions: components["schemas"]["ExpressionFunction"][];
            /** @description Without functions */
            examples: components["schemas"]["ExpressionExample"][];
        };
        /**
         * @example {
         *       "cron": "0 2 * * *"
         *     }
         */
        SchedulePreviewRequest: {
            cron: string;
        };
        /**
         * @example {
         *       "next": [
         *         "2026-11-26T01:00:00Z"
         *       ],
         *       "time_zone": "Europe/Zurich",
         *       "error": ""
         *     }
         */
        SchedulePreview: {
            next: components["schemas"]["Time"][];
            time_zone: string;
            /** @description What is wrong with the expression */
            error: string;
        };
        /**
         * @example {
         *       "snapshot_id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31",
         *       "filename": "products.csv",
         *       "size": 8,
         *       "sha256": "492f31c7b7c4b3b7a5f5c2f6a8f7d3a6d7d1d5a3c0e2b1f4a5968778695a4b3c"
         *     }
         */
        Upload: {
            snapshot_id: components["schemas"]["ID"];
            filename: string;
            /** @description Bytes */
            size: number;
            /** @description Hexadecimal */
            sha256: string;
        };
        /**
         * @example {
         *       "kind": "products",
         *       "source": {
         *         "kind": "url",
         *         "url": "https://erp.example/products.csv"
         *       },
         *       "format": {}
         *     }
         */
        InspectRequest: {
            /** @description Whose kind, saved source and secret to use */
            flow_id?: string;
            /** @description A name that GET /kinds lists, for which a mapping is suggested. Needed without flow_id; with it the flow's counts */
            kind?: string;
            source?: components["schemas"]["SourceChange"];
            format?: components["schemas"]["Format"];
        };
        RowProblem: {
            line: number;
            field: string;
            message: string;
            value: string;
        };
        /**
         * @example {
         *       "snapshot_id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31",
         *       "format": {
         *         "type": "csv",
         *         "encoding": "utf-8",
         *         "delimiter": ","
         *       },
         *       "header": [
         *         "SKU",
         *         "Name"
         *       ],
         *       "expressions": [
         *         "SKU",
         *         "Name"
         *       ],
         *       "rows": [
         *         [
         *           "A-1",
         *           "Apron"
         *         ]
         *       ],
         *       "row_count": 1,
         *       "row_errors": null,
         *       "size": 18,
         *       "suggested_mapping": {
         *         "fields": [
         *           {
         *             "target": "sku",
         *             "expression": "SKU",
         *             "guessed": false
         *           }
         *         ]
         *       },
         *       "questions": []
         *     }
         */
        Inspection: {
            snapshot_id: string;
            format: components["schemas"]["Format"];
            /**
             * @description What only the merchant can tell: it is absent from format until they chose it, and a run refuses the file. Header and rows are as the likeliest choice says
             * @enum {string}
             */
            ask?: "encoding" | "sheet" | "member";
            /** @description If encoding is asked: the texts that the file may be, the likeliest first */
            readings?: components["schemas"]["Reading"][];
            /** @description Of a workbook: the sheets with rows */
            sheets?: components["schemas"]["FileChoice"][];
            /** @description Of JSON and XML: where records may be, the likeliest first */
            paths?: components["schemas"]["FileChoice"][];
            /** @description Of a zip archive */
            members?: components["schemas"]["FileChoice"][];
            header: string[] | null;
            /** @description Of each column of header, the expression that is its value */
            expressions: string[];
            /** @description At most 20, fewer if they are very large; values are cut at 500 characters */
            rows: (string[] | null)[] | null;
            /** @description Rows with data in the whole file; null if it is too large to be counted while somebody waits */
            row_count: number | null;
            row_errors: components["schemas"]["RowProblem"][] | null;
            /** @description Bytes */
            size: number;
            suggested_mapping: components["schemas"]["SuggestedMapping"];
            /** @description About the values that the suggested mapping takes */
            questions: components["schemas"]["ValueQuestion"][];
        };
        Reading: {
            /** @description As in format */
            encoding: string;
            label: string;
            /** @description Words of the file as they are then, at most 5 */
            examples: string[] | null;
        };
        /** @description A part of a file that may be read. Its name is what format takes for sheet, path or member */
        FileChoice: {
            name: string;
            /** @description A sheet that the workbook hides */
            hidden: boolean;
            /** @description Records in the part of the file that was looked at, 0 if they were not counted */
            count: number;
            /** @description The first names of its columns, at most 5 */
            examples: string[] | null;
        };
        /**
         * @example {
         *       "kind": "products",
         *       "snapshot_id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31",
         *       "format": {},
         *       "mapping": {
         *         "fields": [
         *           {
         *             "target": "sku",
         *             "expression": "SKU"
         *           }
         *         ]
         *       },
         *       "limit": 10
         *     }
         */
        PreviewRequest: {
            /** @description Whose kind the mapping is for */
            flow_id?: string;
            /** @description A name that GET /kinds lists, which the mapping is for. Needed without flow_id; with it the flow's counts */
            kind?: string;
            snapshot_id: string;
            format?: components["schemas"]["Format"];
            mapping?: components["schemas"]["Mapping"];
            /** @description Rows; 50 at most and unless given */
            limit?: number;
        };
        PreviewRow: {
            line: number;
            /** @description Of a spreadsheet, whose first row is the header; 0 while unknown */
            row: number;
            /** @description What identifies the record, as written */
            key: string;
            source: {
                [key: string]: string;
            } | null;
            /** @description What would be written, long texts cut */
            document: {
                [key: string]: unknown;
            } | null;
            errors: components["schemas"]["FieldProblem"][] | null;
            /** @description What was left out or may be wrong, where the row goes on */
            warnings: components["schemas"]["FieldProblem"][];
        };
        /**
         * @example {
         *       "rows": [
         *         {
         *           "line": 2,
         *           "row": 2,
         *           "key": "A-1",
         *           "source": {
         *             "SKU": "A-1",
         *             "Name": "Apron"
         *           },
         *           "document": {
         *             "sku": "A-1",
         *             "name": "Apron"
         *           },
         *           "errors": null,
         *           "warnings": []
         *         }
         *       ],
         *       "errors": null,
         *       "questions": []
         *     }
         */
        Preview: {
            rows: components["schemas"]["PreviewRow"][] | null;
            /** @description Expressions that do not compile; field is the target */
            errors: components["schemas"]["FieldProblem"][] | null;
            questions: components["schemas"]["ValueQuestion"][];
        };
        /**
         * @description What only a person knows about the values of a field: its answer is the choice of the field in the mapping that kind names. A run
         *     of a mapping with open questions is refused.
         * @example {
         *       "field": "price",
         *       "label": "Default price",
         *       "kind": "decimal",
         *       "column": "preis",
         *       "text": "Which sign stands before the decimals of these numbers?",
         *       "choices": [
         *         {
         *           "value": "point",
         *           "label": "A point: 1,299.50"
         *         },
         *         {
         *           "value": "comma",
         *           "label": "A comma: 1.299,50"
         *         }
         *       ],
         *       "examples": [
         *         {
         *           "row": 2,
         *           "line": 2,
         *           "value": "1.250",
         *           "readings": [
         *             "1.25",
         *             "1250"
         *           ]
         *         }
         *       ]
         *     }
         */
        ValueQuestion: {
            /** @description The target */
            field: string;
            /** @description Of the field */
            label: string;
            /** @enum {string} */
            kind: "decimal" | "date" | "unit";
            /** @description Empty if the field is not filled from one column as it is */
            column: string;
            /** @description The question, for people */
            text: string;
            choices: components["schemas"]["ValueChoice"][];
            /** @description At most 5 */
            examples: components["schemas"]["ValueExample"][];
        };
        ValueChoice: {
            /** @description What the mapping takes */
            value: string;
            label: string;
        };
        ValueExample: {
            /** @description Of a spreadsheet; 0 while unknown */
            row: number;
            line: number;
            value: string;
            /** @description By choice, in their order; empty where it has none */
            readings: string[];
        };
        /**
         * @example {
         *       "kind": "products",
         *       "snapshot_id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31",
         *       "format": {},
         *       "mapping": {
         *         "fields": [
         *           {
         *             "target": "sku",
         *             "expression": "SKU"
         *           }
         *         ]
         *       }
         *     }
         */
        CheckRequest: {
            /** @description Whose kind the mapping is for */
            flow_id?: string;
            /** @description A name that GET /kinds lists, which the mapping is for. Needed without flow_id; with it the flow's counts */
            kind?: string;
            snapshot_id: string;
            format?: components["schemas"]["Format"];
            mapping?: components["schemas"]["Mapping"];
        };
        CheckExample: {
            /** @description Of a spreadsheet, whose first row is the header */
            row: number;
            line: number;
            /** @description What identifies the record, as written */
            key: string;
            /** @description What the file has there, cut; empty if it is not one column */
            value: string;
            /** @description What is wrong; of an empty value: that it is empty */
            message: string;
        };
        CheckLine: {
            target: string;
            /** @description Rows */
            filled: number;
            /** @description Rows in which it may be empty, and is */
            empty: number;
            /** @description Rows whose value is wrong, or is empty and must not be */
            failed: number;
            /** @description Rows that go on with a warning: the value is left out, or may be wrong */
            warned: number;
            /** @description Words that were taken for no value */
            nothing: components["schemas"]["CheckWord"][];
            /** @description Of rows that failed, else of those with a warning, else of empty ones; at most 3 */
            examples: components["schemas"]["CheckExample"][];
        };
        CheckWord: {
            word: string;
            /** @description Cells */
            count: number;
        };
        MissingField: {
            field: string;
            label: string;
            message: string;
            /** @description Only of records that a run creates */
            created: boolean;
        };
        /**
         * @example {
         *       "rows": 2046,
         *       "complete": true,
         *       "ready": true,
         *       "lines": [
         *         {
         *           "target": "weight",
         *           "filled": 1899,
         *           "empty": 0,
         *           "failed": 147,
         *           "warned": 0,
         *           "nothing": [],
         *           "examples": [
         *             {
         *               "row": 17,
         *               "line": 17,
         *               "key": "A-17",
         *               "value": "",
         *               "message": "is required: fill the column weight"
         *             }
         *           ]
         *         }
         *       ],
         *       "unused": [
         *         "qty"
         *       ],
         *       "missing": [],
         *       "errors": [],
         *       "failed_rows": 147,
         *       "questions": []
         *     }
         */
        MappingCheck: {
            /** @description That were read */
            rows: number;
            /** @description The whole file was read */
            complete: boolean;
            /** @description A flow with this mapping can run */
            ready: boolean;
            /** @description Of each field of the mapping that compiles, in its order */
            lines: components["schemas"]["CheckLine"][];
            /** @description Columns that no field uses */
            unused: string[];
            /** @description Fields that the mapping has to fill and does not */
            missing: components["schemas"]["MissingField"][];
            /** @description Expressions that do not compile; field is the target */
            errors: components["schemas"]["FieldProblem"][];
            /** @description Rows of which no record would be written */
            failed_rows: number;
            /** @description What only a person knows about the values */
            questions: components["schemas"]["ValueQuestion"][];
        };
        /**
         * @example {
         *       "dry_run": true,
         *       "compare": false
         *     }
         */
        NewRun: {
            /**
             * @description Find out what would change and write nothing
             * @default false
             */
            dry_run?: boolean;
            /**
             * @description Look every record up in the store, instead of trusting what Sluice remembers of it, and set right what differs
             * @default false
             */
            compare?: boolean;
            /** @description A preview of this flow that was looked at: the question that it shows counts as answered with proceed, unless the flow was changed since. The run asks again if it is about more records */
            preview_id?: string;
        };
        /**
         * @example {
         *       "id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c32",
         *       "flow_id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31",
         *       "flow_name": "Catalogue",
         *       "flow_version": 3,
         *       "kind": "products",
         *       "outcome": "under_way",
         *       "state": "running",
         *       "phase": "write",
         *       "dry_run": false,
         *       "compare": false,
         *       "trigger": "api",
         *       "started_by": "key:0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c33",
         *       "snapshot_id": "",
         *       "format": {},
         *       "mapping": {
         *         "fields": [
         *           {
         *             "target": "sku",
         *             "expression": "SKU"
         *           }
         *         ]
         *       },
         *       "options": {},
         *       "incomplete": false,
         *       "cancel_requested": false,
         *       "total": 2500,
         *       "bytes_read": 412000,
         *       "bytes_total": 412000,
         *       "read": 2500,
         *       "to_create": 10,
         *       "to_update": 20,
         *       "created": 4,
         *       "updated": 7,
         *       "vanished": 0,
         *       "unchanged": 2470,
         *       "skipped": 0,
         *       "failed": 0,
         *       "warnings": 2,
         *       "requests": 9,
         *       "throttled": 0,
         *       "planned_requests": 24,
         *       "planned_seconds": 6,
         *       "created_at": "2026-11-25T10:00:00Z",
         *       "started_at": "2026-11-25T10:00:01Z",
         *       "updated_at": "2026-11-25T10:00:04Z",
         *       "retry": {
         *         "allowed": false,
         *         "reason": "The run is not over yet."
         *       },
         *       "progress": 0.46,
         *       "rate_per_second": 3,
         *       "seconds_left": 5
         *     }
         */
        Run: {
            id: components["schemas"]["ID"];
            flow_id: components["schemas"]["ID"];
            /** @description Empty when the flow was deleted */
            flow_name: string;
            /** @description The flow's when the run began; 0 unknown */
            flow_version: number;
            /** @description A name that GET /kinds lists */
            kind: string;
            outcome: components["schemas"]["RunOutcome"];
            /**
             * @description asking: it waits for an answer to question
             * @enum {string}
             */
            state: "queued" | "running" | "paused" | "asking" | "cancelling" | "done" | "failed" | "cancelled";
            /** @enum {string} */
            phase: "" | "fetch" | "plan" | "assemble" | "match" | "write" | "finish";
            dry_run: boolean;
            /** @description Every record was looked up in the store */
            compare: boolean;
            /** @description The run whose failed records it retries */
            retry_of?: string;
            /** @description manual, api, schedule or demo */
            trigger: string;
            /** @description user:… or key:…; empty for Sluice itself */
            started_by: string;
            snapshot_id: string;
            format: components["schemas"]["Format"];
            mapping: components["schemas"]["Mapping"];
            options: components["schemas"]["FlowOptions"];
            /** @description Why the run as a whole could not go on */
            error?: string;
            /** @description The source stopped before its end */
            incomplete: boolean;
            cancel_requested: boolean;
            /** @description Rows of the source; 0 until known */
            total: number;
            /** @description Of the source, so far */
            bytes_read: number;
            /** @description Size of the source; 0 unknown */
            bytes_total: number;
            read: number;
            to_create: number;
            to_update: number;
            created: number;
            updated: number;
            unchanged: number;
            /** @description How many of those that are changed are not in the source any more. */
            vanished: number;
            /** @description Passed by, because of the options of the sync: it only creates, or only updates. */
            skipped: number;
            failed: number;
            warnings: number;
            /** @description API requests made */
            requests: number;
            /** @description Answers 429 among them */
            throttled: number;
            planned_requests: number;
            planned_seconds: number;
            question?: components["schemas"]["RunQuestion"];
            /** @description Those that let the run go on; absent if there are none */
            answers?: components["schemas"]["RunAnswered"][];
            created_at: components["schemas"]["Time"];
            started_at?: components["schemas"]["Time"];
            finished_at?: components["schemas"]["Time"];
            updated_at: components["schemas"]["Time"];
            retry: components["schemas"]["RunRetry"];
            /** @description An estimate */
            progress: number;
            /** @description API requests */
            rate_per_second: number;
            /** @description What the requests that remain take at the store's allowance, or slower if the run is slower; null while nobody can tell */
            seconds_left: number | null;
        };
        /**
         * @description What became of it, from its counts; of a dry run what would become of it. under_way: it goes on. asking: it waits for an answer. paused: it waits for the store. empty: the source had no row with data. unchanged: the store already had everything. all: every record is in the store as the source says. some: some records failed. none: all records failed. failed: the run as a whole could not go on. cancelled: somebody stopped it.
         * @enum {string}
         */
        RunOutcome: "under_way" | "asking" | "paused" | "empty" | "unchanged" | "all" | "some" | "none" | "failed" | "cancelled";
        /** @description Whether its failed records can be tried again on their own */
        RunRetry: {
            allowed: boolean;
            /** @description Why, or why not, for people */
            reason: string;
        };
        /**
         * @description What a run that is asking wants to know. A cancelled run keeps what it asked. A dry run never waits: it is done, and this is what a real run would ask. Otherwise absent
         * @example {
         *       "guard": "lost",
         *       "message": "Records that were in the source before are missing now. They stay as they are in the store.",
         *       "count": 500,
         *       "of": 2000,
         *       "limit": 20,
         *       "examples": [
         *         "A-1",
         *         "A-2"
         *       ],
         *       "asked_at": "2026-11-25T10:00:03Z"
         *     }
         */
        RunQuestion: {
            /** @description What asks, for the answer */
            guard: string;
            /** @description What it is about, for people */
            message: string;
            /** @description Records that it is about */
            count: number;
            /** @description Of so many */
            of: number;
            /** @description Percent of these that are too many; 0: any are */
            limit: number;
            examples: string[];
            asked_at: components["schemas"]["Time"];
        };
        RunAnswered: {
            guard: string;
            /** @description Of the question */
            count: number;
            asked_at: components["schemas"]["Time"];
            answered_at: components["schemas"]["Time"];
            /** @description user:… or key:… */
            answered_by: string;
        };
        /**
         * @example {
         *       "guard": "lost",
         *       "answer": "proceed"
         *     }
         */
        RunAnswer: {
            /** @description The guard of the question that is meant */
            guard: string;
            /** @enum {string} */
            answer: "proceed" | "stop";
        };
        /**
         * @example {
         *       "runs": [],
         *       "next": ""
         *     }
         */
        RunList: {
            runs: components["schemas"]["Run"][];
            next: components["schemas"]["Next"];
        };
        Issue: {
            /** @description 0: about the source as a whole */
            line: number;
            /** @description Of the spreadsheet: the header is 1, and a row counts once however many lines its cells have; 0 unknown */
            row: number;
            /** @enum {string} */
            severity: "error" | "warning";
            /** @description The kind of problem, the same in every run */
            cause: string;
            field: string;
            /** @description Of the field, for people; empty if there is no field */
            label: string;
            /** @description What identifies the record, as written */
            key: string;
            message: string;
            /** @description What the source had, shortened */
            value: string;
        };
        /**
         * @example {
         *       "issues": [
         *         {
         *           "line": 9,
         *           "row": 7,
         *           "severity": "error",
         *           "cause": "2f1c9d0a7be34c55",
         *           "field": "price",
         *           "label": "Price",
         *           "key": "A-1",
         *           "message": "is not a number",
         *           "value": "twelve"
         *         }
         *       ],
         *       "next": ""
         *     }
         */
        IssueList: {
            issues: components["schemas"]["Issue"][];
            next: components["schemas"]["Next"];
        };
        Remedy: {
            /**
             * @description Where it is done: the matching of field, the rules, the source, a retry, the store's permissions, or the file itself; empty where nothing is to be done
             * @enum {string}
             */
            action: "" | "matching" | "rules" | "source" | "retry" | "permissions" | "file";
            /** @description The mapping's target that is meant, or the option; empty for none */
            field: string;
            /** @description What to do, in a sentence */
            text: string;
        };
        RunProblem: {
            /** @description The kind of problem, the same in every run */
            cause: string;
            /** @enum {string} */
            severity: "error" | "warning";
            field: string;
            /** @description Of the field, for people; empty if there is no field */
            label: string;
            /** @description With … where the examples differ */
            message: string;
            count: number;
            examples: {
                line: number;
                row: number;
                key: string;
                value: string;
            }[];
            remedy: components["schemas"]["Remedy"];
        };
        /**
         * @example {
         *       "problems": [
         *         {
         *           "cause": "2f1c9d0a7be34c55",
         *           "severity": "error",
         *           "field": "price",
         *           "label": "Price",
         *           "message": "is not a number",
         *           "count": 147,
         *           "examples": [
         *             {
         *               "line": 9,
         *               "row": 7,
         *               "key": "A-1",
         *               "value": "twelve"
         *             }
         *           ],
         *           "remedy": {
         *             "action": "matching",
         *             "field": "price",
         *             "text": "Change what Price comes from, or correct it in the file."
         *           }
         *         }
         *       ]
         *     }
         */
        RunProblems: {
            problems: components["schemas"]["RunProblem"][];
        };
        FieldChange: {
            field: string;
            /** @description For people */
            label: string;
            /** @description Of before and after, as USD or kg; empty for none */
            unit: string;
            /** @description Any value; null where there was none */
            before: unknown;
            /** @description Any value */
            after: unknown;
            /** @description True where BigCommerce did not show the field, so that before says nothing; else absent */
            unknown?: boolean;
            /** @description The part of the record that the field is of, as the SKU of a variant; absent for the record itself */
            part?: string;
        };
        Change: {
            /** @description Of the source; absent of a run that was no dry run */
            line?: number;
            /** @description Of the spreadsheet: the header is 1; 0 unknown */
            row: number;
            /** @description What identifies the record, as written */
            key: string;
            /** @description What people call it, as a product's name; empty unknown */
            name: string;
            /** @description Empty unknown */
            image_url: string;
            /** @description Its page in the store's control panel; empty if there is none */
            store_url: string;
            /** @enum {string} */
            action: "create" | "update";
            /** @description The record's id in the store; 0 for one that is not there yet */
            target_id: number;
            changes: components["schemas"]["FieldChange"][];
        };
        /**
         * @example {
         *       "changes": [
         *         {
         *           "row": 7,
         *           "key": "A-1",
         *           "name": "Apron",
         *           "image_url": "",
         *           "store_url": "https://store-abc123.mybigcommerce.com/manage/products/edit/77",
         *           "action": "update",
         *           "target_id": 77,
         *           "changes": [
         *             {
         *               "field": "price",
         *               "label": "Price",
         *               "unit": "USD",
         *               "before": 12,
         *               "after": 12.5
         *             }
         *           ]
         *         }
         *       ],
         *       "next": ""
         *     }
         */
        ChangeList: {
            changes: components["schemas"]["Change"][];
            next: components["schemas"]["Next"];
        };
        /**
         * @example {
         *       "fields": [
         *         {
         *           "field": "price",
         *           "label": "Price",
         *           "count": 212
         *         }
         *       ],
         *       "created": 0,
         *       "updated": 240
         *     }
         */
        ChangedFields: {
            fields: {
                field: string;
                /** @description For people */
                label: string;
                /** @description Records */
                count: number;
            }[];
            /** @description Records */
            created: number;
            /** @description Records */
            updated: number;
        };
        /**
         * @example {
         *       "users": [],
         *       "next": ""
         *     }
         */
        UserList: {
            users: components["schemas"]["User"][];
            next: components["schemas"]["Next"];
        };
        /**
         * @example {
         *       "role": "viewer"
         *     }
         */
        RoleChange: {
            /** @enum {string} */
            role: "admin" | "viewer";
        };
        /**
         * @example {
         *       "name": "Order system",
         *       "scopes": [
         *         "accounts:write",
         *         "identity:login"
         *       ],
         *       "expires_in_days": 365
         *     }
         */
        NewAPIKey: {
            name: string;
            scopes: ("flows:read" | "flows:write" | "accounts:write" | "identity:login")[];
            /**
             * @description 0: never, which is the owner's to choose
             * @default 365
             */
            expires_in_days?: number;
        };
        APIKey: {
            id: components["schemas"]["ID"];
            name: string;
            /** @description Begin of the key, to tell keys apart */
            prefix: string;
            /** @description With spaces between */
            scopes: string;
            /** @description The user; or operator */
            created_by: string;
            last_used_at?: components["schemas"]["Time"];
            expires_at?: components["schemas"]["Time"];
            revoked_at?: components["schemas"]["Time"];
            /**
             * @description What revoked it; absent if somebody did by hand
             * @enum {string}
             */
            revoked_because?: "maker_removed" | "maker_demoted" | "uninstalled";
            /** @description It signs shoppers in or never expires, somebody else than the owner made it, and the owner has not said yet that it may go on; absent otherwise */
            needs_review?: boolean;
            created_at: components["schemas"]["Time"];
        };
        /**
         * @example {
         *       "id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c33",
         *       "name": "Order system",
         *       "prefix": "sluice_ABCD",
         *       "scopes": "accounts:write identity:login",
         *       "created_by": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c34",
         *       "expires_at": "2027-11-25T10:00:00Z",
         *       "created_at": "2026-11-25T10:00:00Z",
         *       "secret": "sluice_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
         *     }
         */
        CreatedAPIKey: {
            id: components["schemas"]["ID"];
            name: string;
            /** @description Begin of the key, to tell keys apart */
            prefix: string;
            /** @description With spaces between */
            scopes: string;
            /** @description The user; or operator */
            created_by: string;
            last_used_at?: components["schemas"]["Time"];
            expires_at?: components["schemas"]["Time"];
            revoked_at?: components["schemas"]["Time"];
            /**
             * @description What revoked it; absent if somebody did by hand
             * @enum {string}
             */
            revoked_because?: "maker_removed" | "maker_demoted" | "uninstalled";
            /** @description It signs shoppers in or never expires, somebody else than the owner made it, and the owner has not said yet that it may go on; absent otherwise */
            needs_review?: boolean;
            created_at: components["schemas"]["Time"];
            /** @description The key itself: it is shown once */
            secret: string;
        };
        /**
         * @example {
         *       "api_keys": [],
         *       "next": ""
         *     }
         */
        APIKeyList: {
            api_keys: components["schemas"]["APIKey"][];
            next: components["schemas"]["Next"];
        };
        AuditEntry: {
            id: components["schemas"]["ID"];
            /** @description user:…, key:…, bigcommerce, operator or system */
            actor: string;
            action: string;
            subject: string;
            detail: string;
            /** @description Network address that the actor called from; empty where nobody called */
            address: string;
            created_at: components["schemas"]["Time"];
        };
        /**
         * @example {
         *       "entries": [
         *         {
         *           "id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c35",
         *           "actor": "user:0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c34",
         *           "action": "flow.created",
         *           "subject": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31",
         *           "detail": "Catalogue",
         *           "address": "198.51.100.7",
         *           "created_at": "2026-11-25T10:00:00Z"
         *         }
         *       ],
         *       "next": ""
         *     }
         */
        AuditList: {
            entries: components["schemas"]["AuditEntry"][];
            next: components["schemas"]["Next"];
        };
        /**
         * @example {
         *       "id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c41",
         *       "cause": "asking",
         *       "kind": "products",
         *       "flow_id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31",
         *       "flow_name": "Catalogue",
         *       "run_id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c32",
         *       "message": "This run asks before it goes on.",
         *       "count": 0,
         *       "since": "2026-11-25T02:00:00Z",
         *       "last_seen_at": "2026-11-25T02:00:00Z",
         *       "assigned_to": "",
         *       "muted_until": null,
         *       "remedy": {
         *         "action": "answer",
         *         "text": "Open the run and answer.",
         *         "field": ""
         *       }
         *     }
         */
        Attention: {
            id: components["schemas"]["ID"];
            cause: components["schemas"]["AttentionCause"];
            /** @description Kind of the flow; empty for what concerns the whole store */
            kind: string;
            /** @description Empty for what concerns the whole store */
            flow_id: string;
            flow_name: string;
            /** @description The run that shows it; may be empty */
            run_id: string;
            /** @description What is wrong, in a sentence for the merchant */
            message: string;
            /** @description How many records it concerns, or runs that failed or are missed in a row; 0 where that says nothing */
            count: number;
            since: components["schemas"]["Time"];
            last_seen_at: components["schemas"]["Time"];
            /** @description Id of the user who looks after it; empty: nobody */
            assigned_to: string;
            muted_until: components["schemas"]["NullTime"];
            remedy: components["schemas"]["AttentionRemedy"];
        };
        /** @enum {string} */
        AttentionCause: "run_failed" | "problems" | "late" | "no_data" | "shrank" | "secret_age" | "webhook_off" | "reinstall" | "permission" | "asking";
        AttentionRemedy: {
            /**
             * @description Where the panel leads
             * @enum {string}
             */
            action: "run" | "answer" | "source" | "schedule" | "permissions" | "reinstall" | "";
            /** @description What to do next */
            text: string;
            /** @description The field that it is about; may be empty */
            field: string;
        };
        /**
         * @example {
         *       "problems": [
         *         {
         *           "id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c41",
         *           "cause": "run_failed",
         *           "kind": "products",
         *           "flow_id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31",
         *           "flow_name": "Clearance",
         *           "run_id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c32",
         *           "message": "The file was not found (404).",
         *           "count": 4,
         *           "since": "2026-11-23T02:00:00Z",
         *           "last_seen_at": "2026-11-25T02:00:00Z",
         *           "assigned_to": "",
         *           "muted_until": null,
         *           "remedy": {
         *             "action": "source",
         *             "text": "Check the address of the file.",
         *             "field": ""
         *           }
         *         }
         *       ],
         *       "next": "",
         *       "open": 1
         *     }
         */
        AttentionList: {
            problems: components["schemas"]["Attention"][];
            next: components["schemas"]["Next"];
            /** @description All of the store that are open and not muted */
            open: number;
        };
        /**
         * @example {
         *       "muted_until": "2026-12-02T08:00:00Z"
         *     }
         */
        AttentionChange: {
            /** @description Id of a user of the store; empty: nobody */
            assigned_to?: string;
            /**
             * Format: date-time
             * @description null: no longer muted
             */
            muted_until?: string | null;
        };
        /** @enum {string} */
        AlertRuleName: "run_failed" | "problems" | "late" | "no_data" | "shrank" | "secret_age" | "webhook_off" | "reinstall" | "asking";
        /** @description By name: those that `fields` of the rule lists */
        AlertParams: {
            [key: string]: number;
        };
        AlertRule: {
            name: components["schemas"]["AlertRuleName"];
            label: string;
            help: string;
            enabled: boolean;
            params: components["schemas"]["AlertParams"];
            fields: {
                name: string;
                label: string;
                /** @description minutes, hours, days, % or records */
                unit: string;
                default: number;
                min: number;
                max: number;
            }[];
        };
        /** @enum {string} */
        AlertChannelKind: "mail" | "slack" | "teams" | "webhook";
        AlertChannel: {
            id: components["schemas"]["ID"];
            kind: components["schemas"]["AlertChannelKind"];
            /** @description mail: addresses with commas between; else the address, masked */
            to: string;
            enabled: boolean;
            /** @description webhook: messages are signed */
            has_secret: boolean;
            /** @description Why the last message did not arrive; empty: it did, or there was none */
            failure: string;
            /** @description webhook: only in the answer that made it, whsec_… */
            secret?: string;
        };
        AlertQuiet: {
            enabled: boolean;
            from: components["schemas"]["ClockTime"];
            to: components["schemas"]["ClockTime"];
        };
        AlertDigest: {
            enabled: boolean;
            at: components["schemas"]["ClockTime"];
        };
        /**
         * @description In the store's time zone
         * @example 08:00
         */
        ClockTime: string;
        /**
         * @example {
         *       "rules": [
         *         {
         *           "name": "late",
         *           "label": "A sync is late",
         *           "help": "A scheduled run has not finished in time.",
         *           "enabled": true,
         *           "params": {
         *             "minutes": 60
         *           },
         *           "fields": [
         *             {
         *               "name": "minutes",
         *               "label": "Late by more than",
         *               "unit": "minutes",
         *               "default": 60,
         *               "min": 5,
         *               "max": 10080
         *             }
         *           ]
         *         }
         *       ],
         *       "channels": [
         *         {
         *           "id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c42",
         *           "kind": "mail",
         *           "to": "pat@merchant.example",
         *           "enabled": true,
         *           "has_secret": false,
         *           "failure": ""
         *         }
         *       ],
         *       "quiet": {
         *         "enabled": false,
         *         "from": "22:00",
         *         "to": "07:00"
         *       },
         *       "digest": {
         *         "enabled": false,
         *         "at": "08:00"
         *       },
         *       "mail_available": true,
         *       "time_zone": "Europe/Zurich",
         *       "version": 1
         *     }
         */
        Alerts: {
            rules: components["schemas"]["AlertRule"][];
            channels: components["schemas"]["AlertChannel"][];
            quiet: components["schemas"]["AlertQuiet"];
            digest: components["schemas"]["AlertDigest"];
            /** @description Whoever runs Sluice set a mail server up */
            mail_available: boolean;
            /** @description IANA name of the store's */
            time_zone: string;
            /** @description Send it back with a change */
            version: number;
        };
        /**
         * @example {
         *       "rules": [
         *         {
         *           "name": "late",
         *           "enabled": true,
         *           "params": {
         *             "minutes": 30
         *           }
         *         }
         *       ],
         *       "channels": [
         *         {
         *           "kind": "slack",
         *           "to": "https://hooks.slack.com/services/T0/B0/x",
         *           "enabled": true
         *         }
         *       ],
         *       "quiet": {
         *         "enabled": true,
         *         "from": "22:00",
         *         "to": "07:00"
         *       },
         *       "digest": {
         *         "enabled": true,
         *         "at": "08:00"
         *       },
         *       "version": 1
         *     }
         */
        AlertsChange: {
            rules: {
                name: components["schemas"]["AlertRuleName"];
                enabled: boolean;
                params?: components["schemas"]["AlertParams"];
            }[];
            channels: {
                /** @description Of one that there is; empty or absent: a new one */
                id?: string;
                kind: components["schemas"]["AlertChannelKind"];
                to: string;
                enabled: boolean;
                /** @description webhook: sign with a new secret from now on */
                new_secret?: boolean;
            }[];
            quiet: components["schemas"]["AlertQuiet"];
            digest: components["schemas"]["AlertDigest"];
            version: number;
        };
        /**
         * @example {
         *       "channel_id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c42"
         *     }
         */
        AlertTest: {
            channel_id: string;
        };
        /**
         * @example {
         *       "delivered": true,
         *       "message": "The mail server took the message for pat@merchant.example."
         *     }
         */
        AlertTestResult: {
            delivered: boolean;
            /** @description What happened, in words */
            message: string;
        };
        /** @description customer_id or email has to be there. */
        AccountInput: {
            /** @description The back-office system's id */
            external_id: string;
            /** @description BigCommerce's id of the customer; 0 while unknown */
            customer_id?: number;
            /** @description Of the customer */
            email?: string;
            /** @description Names have 1 to 64 letters, digits, _, . and -, texts at most 1,000 characters. */
            fields?: {
                [key: string]: string | number | boolean | null;
            } | null;
        };
        /**
         * @example {
         *       "accounts": [
         *         {
         *           "external_id": "D/1",
         *           "customer_id": 5,
         *           "fields": {
         *             "terms": "30 days net",
         *             "credit_limit": 5000
         *           }
         *         }
         *       ]
         *     }
         */
        AccountsChange: {
            accounts: components["schemas"]["AccountInput"][];
        };
        AccountError: {
            /** @description In the request */
            index: number;
            /** @description Empty if it could not be read */
            external_id: string;
            field: string;
            message: string;
        };
        /**
         * @example {
         *       "saved": 1,
         *       "errors": []
         *     }
         */
        AccountsSaved: {
            saved: number;
            errors: components["schemas"]["AccountError"][];
        };
        Account: {
            external_id: string;
            customer_id: number;
            email: string;
            fields: {
                [key: string]: string;
            } | null;
            updated_at: components["schemas"]["Time"];
        };
        /**
         * @example {
         *       "accounts": [
         *         {
         *           "external_id": "D/1",
         *           "customer_id": 5,
         *           "email": "",
         *           "fields": {
         *             "terms": "30 days net",
         *             "credit_limit": "5000"
         *           },
         *           "updated_at": "2026-11-25T10:00:00Z"
         *         }
         *       ],
         *       "next": ""
         *     }
         */
        AccountList: {
            accounts: components["schemas"]["Account"][];
            next: components["schemas"]["Next"];
        };
        CardField: {
            /** @description Of the accounts' fields */
            key: string;
            /** @description What the shopper reads */
            label: string;
            /** @enum {string} */
            format: "text" | "number" | "money" | "percent" | "date";
        };
        /**
         * @example {
         *       "card_fields": [
         *         {
         *           "key": "terms",
         *           "label": "Payment terms",
         *           "format": "text"
         *         }
         *       ],
         *       "consent_category": "functional",
         *       "allow_sign_in": true
         *     }
         */
        StorefrontChange: {
            card_fields?: components["schemas"]["CardField"][] | null;
            /** @enum {string} */
            consent_category: "essential" | "functional" | "analytics" | "targeting";
            /** @description Sluice.login() and /sso sign shoppers in */
            allow_sign_in?: boolean;
        };
        StorefrontSettings: {
            card_fields: components["schemas"]["CardField"][];
            /** @enum {string} */
            consent_category: "essential" | "functional" | "analytics" | "targeting";
            allow_sign_in: boolean;
            updated_at: components["schemas"]["Time"];
        };
        ChannelScript: {
            /** @enum {string} */
            state: "installed" | "pending" | "failed" | "removed";
            error: string;
            wanted: boolean;
            checked_at: components["schemas"]["NullTime"];
            /** @description The script that is installed is the one that would be installed now */
            version_current: boolean;
        };
        Channel: {
            channel_id: number;
            name: string;
            type: string;
            platform: string;
            status: string;
            /** @description Empty without a site */
            site_url: string;
            /** @description Whose pages may ask who is signed in */
            origins: string[];
            script: components["schemas"]["ChannelScript"];
        };
        /**
         * @example {
         *       "settings": {
         *         "card_fields": [],
         *         "consent_category": "functional",
         *         "allow_sign_in": false,
         *         "updated_at": "2026-11-25T10:00:00Z"
         *       },
         *       "channels": [
         *         {
         *           "channel_id": 1,
         *           "name": "Merchant",
         *           "type": "storefront",
         *           "platform": "bigcommerce",
         *           "status": "active",
         *           "site_url": "https://merchant.example",
         *           "origins": [
         *             "https://merchant.example"
         *           ],
         *           "script": {
         *             "state": "installed",
         *             "error": "",
         *             "wanted": true,
         *             "checked_at": "2026-11-25T09:00:00Z",
         *             "version_current": true
         *           }
         *         }
         *       ],
         *       "missing_scopes": [],
         *       "scope_help": {},
         *       "script": {
         *         "url": "https://sluice.example/storefront/abc123/sluice.js?v=0123456789ab",
         *         "integrity": "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K",
         *         "bytes_gzip": 1900
         *       },
         *       "sso": {
         *         "login_url": "https://sluice.example/sso/abc123/login",
         *         "logout_url": "https://sluice.example/sso/abc123/logout",
         *         "callback_url": "https://sluice.example/sso/abc123/callback"
         *       },
         *       "field_keys": [
         *         "terms",
         *         "credit_limit"
         *       ]
         *     }
         */
        Storefront: {
            settings: components["schemas"]["StorefrontSettings"];
            channels: components["schemas"]["Channel"][];
            missing_scopes: string[];
            /** @description Of each missing scope, what it is for and what to do */
            scope_help: {
                [key: string]: string;
            };
            script: {
                url: string;
                integrity: string;
                bytes_gzip: number;
            };
            sso: {
                login_url: string;
                logout_url: string;
                callback_url: string;
            };
            /** @description Of the store's accounts, as far as a look at some tells */
            field_keys: string[] | null;
        };
        /**
         * @example {
         *       "wanted": true
         *     }
         */
        ScriptChange: {
            wanted: boolean;
        };
        /**
         * @example {
         *       "card_fields": [
         *         {
         *           "key": "terms",
         *           "label": "Payment terms",
         *           "format": "text"
         *         }
         *       ],
         *       "customer_id": 5
         *     }
         */
        CardPreviewRequest: {
            card_fields?: components["schemas"]["CardField"][] | null;
            external_id?: string;
            customer_id?: number;
            email?: string;
        };
        CardValue: {
            key: string;
            label: string;
            format: string;
            /** @description As the shopper reads it */
            value: string;
        };
        /**
         * @example {
         *       "fields": [
         *         {
         *           "key": "terms",
         *           "label": "Payment terms",
         *           "format": "text",
         *           "value": "30 days net"
         *         }
         *       ],
         *       "updated_at": "2026-11-25T10:00:00Z",
         *       "account": {
         *         "external_id": "D/1",
         *         "customer_id": 5,
         *         "email": ""
         *       },
         *       "shown_to": "customer"
         *     }
         */
        CardPreview: {
            fields: components["schemas"]["CardValue"][];
            updated_at: components["schemas"]["Time"];
            account: {
                external_id: string;
                customer_id: number;
                email: string;
            };
            /**
             * @description The customer; a customer whose e-mail the identity provider verified to be the account's; or nobody, also while the customer may have a password from before their first single sign-on
             * @enum {string}
             */
            shown_to: "customer" | "verified_email" | "nobody";
        };
        ClaimMapping: {
            /** @enum {string} */
            target: "first_name" | "last_name" | "company" | "phone" | "customer_group_id" | "external_id";
            /** @description Over the claims of the ID token */
            expression: string;
        };
        /**
         * @example {
         *       "version": 0,
         *       "preset": "google",
         *       "issuer": "https://accounts.google.com",
         *       "client_id": "1234.apps.example",
         *       "client_secret": "the-secret",
         *       "enabled": true,
         *       "claims": [
         *         {
         *           "target": "first_name",
         *           "expression": "given_name"
         *         }
         *       ]
         *     }
         */
        ProviderChange: {
            version?: number;
            /** @enum {string} */
            preset?: "google" | "entra" | "okta" | "auth0" | "keycloak" | "custom";
            issuer?: string;
            client_id?: string;
            client_secret?: string | null;
            /** @description With spaces between; openid profile email unless given */
            scopes?: string;
            enabled?: boolean;
            /** @description A shopper without a customer gets one */
            create_customers?: boolean;
            /** @description Customer group of those; 0: the store's default */
            group_id?: number;
            claims?: components["schemas"]["ClaimMapping"][] | null;
            /** @description Signing out ends the provider's session too */
            end_session?: boolean;
            /** @description Where the provider names the e-mail, such as emails[0] or user.mail; empty for the claim email */
            email_claim?: string;
            /** @description Takes the e-mails of a provider that never says email_verified for verified. Whoever can write an e-mail into their account there is then the customer with it */
            trust_email?: boolean;
            /** @description Leaves customers the passwords from before their first single sign-on. Whoever registered with somebody else's e-mail can then go on signing in, and sees the account card */
            keep_passwords?: boolean;
            /** @description The address that ends a sign-in works from the shopper's IP address only. Shoppers who reach Sluice by IPv6 and the storefront by IPv4, or the other way round, are refused */
            request_ip?: boolean;
            /** @description The provider knows the store's own redirect URI: a provider from before goes on with it, for good. True of every new provider, whatever is said here */
            own_address?: boolean;
        };
        Provider: {
            id: components["schemas"]["ID"];
            /** @enum {string} */
            preset: "google" | "entra" | "okta" | "auth0" | "keycloak" | "custom";
            issuer: string;
            client_id: string;
            has_secret: boolean;
            scopes: string;
            enabled: boolean;
            create_customers: boolean;
            group_id: number;
            claims: components["schemas"]["ClaimMapping"][] | null;
            end_session: boolean;
            email_claim: string;
            trust_email: boolean;
            keep_passwords: boolean;
            request_ip: boolean;
            /** @description Null when shoppers come back to the store's own address. Else they come back to the one that all stores shared: for as long as announces_issuer holds, or until then */
            shared_until: components["schemas"]["NullTime"];
            /** @description The provider's document said last that its answers name it (RFC 9207) */
            announces_issuer: boolean;
            version: number;
            created_at: components["schemas"]["Time"];
            updated_at: components["schemas"]["Time"];
        };
        /**
         * @example {
         *       "provider": null
         *     }
         */
        ProviderAnswer: {
            provider: components["schemas"]["Provider"] | null;
        };
        Preset: {
            /** @enum {string} */
            preset: "google" | "entra" | "okta" | "auth0" | "keycloak" | "custom";
            name: string;
            /** @description With {parts} to fill in; empty for any */
            issuer_template: string;
            scopes: string;
            /** @description Where to find what */
            help: string;
            claims: components["schemas"]["ClaimMapping"][];
        };
        /**
         * @example {
         *       "presets": [
         *         {
         *           "preset": "google",
         *           "name": "Google",
         *           "issuer_template": "https://accounts.google.com",
         *           "scopes": "openid profile email",
         *           "help": "Create an OAuth client ID.",
         *           "claims": [
         *             {
         *               "target": "first_name",
         *               "expression": "given_name"
         *             }
         *           ]
         *         }
         *       ],
         *       "targets": [
         *         "first_name"
         *       ],
         *       "callback_url": "https://sluice.example/sso/abc123/callback",
         *       "logged_out_url": "https://sluice.example/sso/abc123/logged-out",
         *       "shared": {
         *         "callback_url": "https://sluice.example/sso/callback",
         *         "logged_out_url": "https://sluice.example/sso/logged-out"
         *       }
         *     }
         */
        Presets: {
            presets: components["schemas"]["Preset"][];
            /** @description What claims may fill */
            targets: ("first_name" | "last_name" | "company" | "phone" | "customer_group_id" | "external_id")[];
            /** @description The store's own, to register with the provider as the redirect URI */
            callback_url: string;
            /** @description To register as the post-logout redirect URI */
            logged_out_url: string;
            /** @description Those of providers from before, while shared_until is set */
            shared: {
                callback_url: string;
                logged_out_url: string;
            };
        };
        /**
         * @example {
         *       "checks": [
         *         {
         *           "name": "pkce",
         *           "ok": true,
         *           "message": "The provider checks PKCE with S256."
         *         }
         *       ]
         *     }
         */
        ProviderChecks: {
            checks: {
                name: string;
                ok: boolean;
                /** @description What is wrong and what to do, or what was found */
                message: string;
            }[];
        };
        /**
         * @example {
         *       "groups": [
         *         {
         *           "id": 3,
         *           "name": "Wholesale",
         *           "is_default": false
         *         }
         *       ]
         *     }
         */
        CustomerGroups: {
            groups: {
                id: number;
                name: string;
                /** @description Customers who sign up are put into it */
                is_default: boolean;
            }[] | null;
        };
        SignIn: {
            id: components["schemas"]["ID"];
            at: components["schemas"]["Time"];
            /** @enum {string} */
            method: "sso" | "api";
            /** @description ok or the code it was refused with */
            result: string;
            /** @description 0 if none was found */
            customer_id: number;
            email: string;
            channel_id: number;
            /** @description Why it was refused and what the merchant can do */
            detail: string;
        };
        /**
         * @example {
         *       "sign_ins": [
         *         {
         *           "id": "0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c36",
         *           "at": "2026-11-25T10:00:00Z",
         *           "method": "sso",
         *           "result": "ok",
         *           "customer_id": 5,
         *           "email": "sam@shopper.example",
         *           "channel_id": 1,
         *           "detail": ""
         *         }
         *       ],
         *       "next": ""
         *     }
         */
        SignInList: {
            sign_ins: components["schemas"]["SignIn"][];
            next: components["schemas"]["Next"];
        };
        /**
         * @example {
         *       "customer_id": 5,
         *       "redirect_to": "/cart.php",
         *       "request_ip": "203.0.113.7"
         *     }
         */
        LoginRequest: {
            customer_id?: number;
            email?: string;
            /** @description The back-office system's id of an account that it sent */
            external_id?: string;
            /** @description The storefront; 0 and absent: 1 */
            channel_id?: number;
            /** @description A path of the storefront, never an address. Unless given the account page: `/account.php` of a theme, `/account/orders` of Catalyst */
            redirect_to?: string;
            /** @description The shopper's address: BigCommerce then insists on it */
            request_ip?: string;
            enable_persistent_cart?: boolean | null;
        };
        /**
         * @example {
         *       "login_url": "https://merchant.example/login/token/eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpZCJ9.c2lnbmF0dXJl",
         *       "expires_at": "2026-11-25T10:00:30Z"
         *     }
         */
        Login: {
            login_url: string;
            expires_at: components["schemas"]["Time"];
        };
        /**
         * @example {
         *       "token": "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJiYy9hcHBzIn0.c2lnbmF0dXJl"
         *     }
         */
        CurrentToken: {
            /** @description The text of /customer/current.jwt */
            token: string;
        };
        /**
         * @example {
         *       "customer": {
         *         "id": 5,
         *         "email": "sam@shopper.example",
         *         "group_id": "3"
         *       },
         *       "store_hash": "abc123",
         *       "expires_at": "2026-11-25T10:15:00Z",
         *       "session": "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzbHVpY2UifQ.c2lnbmF0dXJl",
         *       "account": "https://sluice.example/storefront/abc123/account"
         *     }
         */
        CurrentCustomer: {
            customer: {
                /** @description Only this identifies */
                id: number;
                /** @description BigCommerce does not verify it */
                email: string;
                /** @description Empty or 0: in no group */
                group_id: string;
            };
            store_hash: string;
            expires_at: components["schemas"]["Time"];
            /** @description For account, as a bearer token */
            session: string;
            /** @description Address of the account card */
            account: string;
        };
        /**
         * @example {
         *       "fields": [
         *         {
         *           "key": "terms",
         *           "label": "Payment terms",
         *           "format": "text",
         *           "value": "30 days net"
         *         }
         *       ],
         *       "updated_at": "2026-11-25T10:00:00Z"
         *     }
         */
        AccountCard: {
            fields: components["schemas"]["CardValue"][];
            updated_at: components["schemas"]["NullTime"];
        };
        /**
         * @description As BigCommerce sends it; more fields may be there.
         * @example {
         *       "scope": "store/product/deleted",
         *       "store_id": "1001",
         *       "producer": "stores/abc123",
         *       "hash": "3f9ea420af83450d7ef9f78b08c8af25b2213637",
         *       "created_at": 1764085539,
         *       "data": {
         *         "type": "product",
         *         "id": 77
         *       }
         *     }
         */
        Webhook: {
            scope: string;
            producer: string;
            /** @description Unix seconds */
            created_at?: number;
            /** @description What the scope says; Sluice reads id */
            data?: unknown;
        };
        /**
         * @example {
         *       "status": "ready",
         *       "version": "1.0.0",
         *       "checks": [
         *         {
         *           "name": "database",
         *           "ok": true
         *         },
         *         {
         *           "name": "migrations",
         *           "ok": true
         *         },
         *         {
         *           "name": "redis",
         *           "ok": true
         *         }
         *       ]
         *     }
         */
        Health: {
            /** @enum {string} */
            status: "ok" | "ready" | "not_ready" | "draining";
            version: string;
            /** @description Requests come through a proxy that TRUSTED_PROXIES does not have; only /healthz tells */
            unknown_proxy?: boolean;
            checks?: {
                /** @enum {string} */
                name: "database" | "migrations" | "redis" | "process";
                ok: boolean;
            }[];
        };
    };
    responses: {
        /** @description Nobody is signed in, or no longer; or the key is unknown, revoked or expired */
        Unauthenticated: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "unauthenticated";
                };
            };
        };
        /** @description The caller may not do this */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "forbidden";
                };
            };
        };
        /** @description There is no such thing in this store */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "not_found";
                };
            };
        };
        /** @description It is in a state that does not permit this */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "conflict";
                };
            };
        };
        /** @description It is in a state that does not permit this, the app has to be installed again, or the store has not granted a scope */
        ConflictOrReinstall: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "conflict" | "needs_reinstall" | "scope_missing";
                };
            };
        };
        /** @description The channel cannot have a script, or a scope is missing */
        ScriptConflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "conflict" | "scope_missing" | "needs_reinstall";
                };
            };
        };
        /** @description The store does not let Sluice see its customers */
        SignInConflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "needs_reinstall" | "login_unavailable" | "scope_missing";
                };
            };
        };
        /** @description There is no such store, storefront or customer */
        LoginNotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "store_not_installed" | "channel_unknown" | "customer_not_found";
                };
            };
        };
        /** @description This customer cannot be signed in there */
        LoginConflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "needs_reinstall" | "login_unavailable" | "scope_missing" | "customer_ambiguous" | "customer_other_channel";
                };
            };
        };
        /** @description The store has as much of it as it may */
        LimitReached: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "limit_reached";
                };
            };
        };
        /** @description It is in a state that does not permit this, or the store has as much of it as it may */
        ConflictOrLimit: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "conflict" | "limit_reached";
                };
            };
        };
        /** @description The store does not have the app */
        StoreNotInstalled: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "store_not_installed";
                };
            };
        };
        /** @description The token is over, or none that BigCommerce signed */
        TokenRefused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "token_expired" | "token_invalid";
                };
            };
        };
        /** @description There is no session, it is over, or none of ours */
        SessionRefused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "unauthenticated" | "token_expired" | "token_invalid";
                };
            };
        };
        /** @description A page of another site, or a token of another app or store */
        CurrentForbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "origin_refused" | "wrong_app" | "wrong_store";
                };
            };
        };
        /** @description A page of another site, or a session of another store */
        AccountForbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "origin_refused" | "wrong_store";
                };
            };
        };
        /** @description A page of another site */
        OriginRefused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "origin_refused";
                };
            };
        };
        /** @description The body is larger than it may be */
        TooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "too_large";
                };
            };
        };
        /** @description The request is wrong; errors says where */
        Invalid: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "invalid";
                };
            };
        };
        /** @description That is too often */
        RateLimited: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "rate_limited";
                };
            };
        };
        /** @description Something went wrong on our side */
        Internal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "internal";
                };
            };
        };
        /** @description Something that Sluice needs is away for the moment */
        Unavailable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "unavailable";
                };
            };
        };
        /** @description The browser is sent on */
        SentOn: {
            headers: {
                /** @description Where to */
                Location: string;
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description A page that says to the shopper what to do, with a code that the merchant finds in the log of sign-ins. 429 has Retry-After. */
        NotSignedIn: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description The page may ask */
        Preflight: {
            headers: {
                "Access-Control-Allow-Origin": components["headers"]["AllowOrigin"];
                /** @description The method */
                "Access-Control-Allow-Methods": string;
                /** @description The headers */
                "Access-Control-Allow-Headers": string;
                [name: string]: unknown;
            };
            content?: never;
        };
    };
    parameters: {
        /**
         * @description Its id
         * @example 0198c5d4-7a10-7cc2-9a4e-2b8f0e6d5c31
         */
        ID: string;
        /**
         * @description The store's hash
         * @example abc123
         */
        StoreHash: string;
        /** @description Length of the page */
        Limit: number;
        /** @description `next` of the page before */
        Before: string;
        /** @description `next` of the page before */
        After: string;
        /** @description Version of the script; the current one unless given */
        ScriptVersion: string;
        /**
         * @description Where to go afterwards, a path of the storefront
         * @example /cart.php
         */
        RedirectTo: string;
        /**
         * @description The storefront's channel; 1 unless given
         * @example 1
         */
        ChannelID: number;
    };
    requestBodies: never;
    headers: {
        /**
         * @description Seconds after which the same call is admitted
         * @example 3
         */
        RetryAfter: string;
        /**
         * @description The page's origin, if a page asks
         * @example https://shop.example
         */
        AllowOrigin: string;
        /** @description The version */
        ETag: string;
        /** @description How long the answer may be kept */
        CacheControl: string;
    };
    pathItems: never;
}
export type Problem = components['schemas']['Problem'];
export type Code = components['schemas']['Code'];
export type FieldProblem = components['schemas']['FieldProblem'];
export type Empty = components['schemas']['Empty'];
export type ID = components['schemas']['ID'];
export type Time = components['schemas']['Time'];
export type NullTime = components['schemas']['NullTime'];
export type Next = components['schemas']['Next'];
export type Store = components['schemas']['Store'];
export type User = components['schemas']['User'];
export type Session = components['schemas']['Session'];
export type RenewedSession = components['schemas']['RenewedSession'];
export type Quota = components['schemas']['Quota'];
export type QuotaPoint = components['schemas']['QuotaPoint'];
export type QuotaHistory = components['schemas']['QuotaHistory'];
export type Format = components['schemas']['Format'];
export type Mapping = components['schemas']['Mapping'];
export type Layout = components['schemas']['Layout'];
export type SuggestedMapping = components['schemas']['SuggestedMapping'];
export type SeenProfile = components['schemas']['SeenProfile'];
export type Asked = components['schemas']['Asked'];
export type Unfit = components['schemas']['Unfit'];
export type SuggestedField = components['schemas']['SuggestedField'];
export type FieldMapping = components['schemas']['FieldMapping'];
export type FlowOptions = components['schemas']['FlowOptions'];
export type OptionValue = components['schemas']['OptionValue'];
export type Kind = components['schemas']['Kind'];
export type KindOption = components['schemas']['KindOption'];
export type OptionChoice = components['schemas']['OptionChoice'];
export type KindPhase = components['schemas']['KindPhase'];
export type KindList = components['schemas']['KindList'];
export type Connector = components['schemas']['Connector'];
export type ConnectorField = components['schemas']['ConnectorField'];
export type ConnectorList = components['schemas']['ConnectorList'];
export type SourceChange = components['schemas']['SourceChange'];
export type Source = components['schemas']['Source'];
export type ScheduleChange = components['schemas']['ScheduleChange'];
export type Schedule = components['schemas']['Schedule'];
export type NewFlow = components['schemas']['NewFlow'];
export type FlowChange = components['schemas']['FlowChange'];
export type Flow = components['schemas']['Flow'];
export type FlowProblem = components['schemas']['FlowProblem'];
export type FlowHealth = components['schemas']['FlowHealth'];
export type FlowEnabled = components['schemas']['FlowEnabled'];
export type DuplicateFlow = components['schemas']['DuplicateFlow'];
export type OverviewKind = components['schemas']['OverviewKind'];
export type OverviewDay = components['schemas']['OverviewDay'];
export type OverviewNext = components['schemas']['OverviewNext'];
export type OverviewGuide = components['schemas']['OverviewGuide'];
export type Overview = components['schemas']['Overview'];
export type Actor = components['schemas']['Actor'];
export type ActivityEntry = components['schemas']['ActivityEntry'];
export type ActivityList = components['schemas']['ActivityList'];
export type FlowList = components['schemas']['FlowList'];
export type TargetField = components['schemas']['TargetField'];
export type TargetFields = components['schemas']['TargetFields'];
export type ExpressionExample = components['schemas']['ExpressionExample'];
export type ExpressionFunction = components['schemas']['ExpressionFunction'];
export type Expressions = components['schemas']['Expressions'];
export type SchedulePreviewRequest = components['schemas']['SchedulePreviewRequest'];
export type SchedulePreview = components['schemas']['SchedulePreview'];
export type Upload = components['schemas']['Upload'];
export type InspectRequest = components['schemas']['InspectRequest'];
export type RowProblem = components['schemas']['RowProblem'];
export type Inspection = components['schemas']['Inspection'];
export type Reading = components['schemas']['Reading'];
export type FileChoice = components['schemas']['FileChoice'];
export type PreviewRequest = components['schemas']['PreviewRequest'];
export type PreviewRow = components['schemas']['PreviewRow'];
export type Preview = components['schemas']['Preview'];
export type ValueQuestion = components['schemas']['ValueQuestion'];
export type ValueChoice = components['schemas']['ValueChoice'];
export type ValueExample = components['schemas']['ValueExample'];
export type CheckRequest = components['schemas']['CheckRequest'];
export type CheckExample = components['schemas']['CheckExample'];
export type CheckLine = components['schemas']['CheckLine'];
export type CheckWord = components['schemas']['CheckWord'];
export type MissingField = components['schemas']['MissingField'];
export type MappingCheck = components['schemas']['MappingCheck'];
export type NewRun = components['schemas']['NewRun'];
export type Run = components['schemas']['Run'];
export type RunOutcome = components['schemas']['RunOutcome'];
export type RunRetry = components['schemas']['RunRetry'];
export type RunQuestion = components['schemas']['RunQuestion'];
export type RunAnswered = components['schemas']['RunAnswered'];
export type RunAnswer = components['schemas']['RunAnswer'];
export type RunList = components['schemas']['RunList'];
export type Issue = components['schemas']['Issue'];
export type IssueList = components['schemas']['IssueList'];
export type Remedy = components['schemas']['Remedy'];
export type RunProblem = components['schemas']['RunProblem'];
export type RunProblems = components['schemas']['RunProblems'];
export type FieldChange = components['schemas']['FieldChange'];
export type Change = components['schemas']['Change'];
export type ChangeList = components['schemas']['ChangeList'];
export type ChangedFields = components['schemas']['ChangedFields'];
export type UserList = components['schemas']['UserList'];
export type RoleChange = components['schemas']['RoleChange'];
export type NewAPIKey = components['schemas']['NewAPIKey'];
export type APIKey = components['schemas']['APIKey'];
export type CreatedAPIKey = components['schemas']['CreatedAPIKey'];
export type APIKeyList = components['schemas']['APIKeyList'];
export type AuditEntry = components['schemas']['AuditEntry'];
export type AuditList = components['schemas']['AuditList'];
export type Attention = components['schemas']['Attention'];
export type AttentionCause = components['schemas']['AttentionCause'];
export type AttentionRemedy = components['schemas']['AttentionRemedy'];
export type AttentionList = components['schemas']['AttentionList'];
export type AttentionChange = components['schemas']['AttentionChange'];
export type AlertRuleName = components['schemas']['AlertRuleName'];
export type AlertParams = components['schemas']['AlertParams'];
export type AlertRule = components['schemas']['AlertRule'];
export type AlertChannelKind = components['schemas']['AlertChannelKind'];
export type AlertChannel = components['schemas']['AlertChannel'];
export type AlertQuiet = components['schemas']['AlertQuiet'];
export type AlertDigest = components['schemas']['AlertDigest'];
export type ClockTime = components['schemas']['ClockTime'];
export type Alerts = components['schemas']['Alerts'];
export type AlertsChange = components['schemas']['AlertsChange'];
export type AlertTest = components['schemas']['AlertTest'];
export type AlertTestResult = components['schemas']['AlertTestResult'];
export type AccountInput = components['schemas']['AccountInput'];
export type AccountsChange = components['schemas']['AccountsChange'];
export type AccountError = components['schemas']['AccountError'];
export type AccountsSaved = components['schemas']['AccountsSaved'];
export type Account = components['schemas']['Account'];
export type AccountList = components['schemas']['AccountList'];
export type CardField = components['schemas']['CardField'];
export type StorefrontChange = components['schemas']['StorefrontChange'];
export type StorefrontSettings = components['schemas']['StorefrontSettings'];
export type ChannelScript = components['schemas']['ChannelScript'];
export type Channel = components['schemas']['Channel'];
export type Storefront = components['schemas']['Storefront'];
export type ScriptChange = components['schemas']['ScriptChange'];
export type CardPreviewRequest = components['schemas']['CardPreviewRequest'];
export type CardValue = components['schemas']['CardValue'];
export type CardPreview = components['schemas']['CardPreview'];
export type ClaimMapping = components['schemas']['ClaimMapping'];
export type ProviderChange = components['schemas']['ProviderChange'];
export type Provider = components['schemas']['Provider'];
export type ProviderAnswer = components['schemas']['ProviderAnswer'];
export type Preset = components['schemas']['Preset'];
export type Presets = components['schemas']['Presets'];
export type ProviderChecks = components['schemas']['ProviderChecks'];
export type CustomerGroups = components['schemas']['CustomerGroups'];
export type SignIn = components['schemas']['SignIn'];
export type SignInList = components['schemas']['SignInList'];
export type LoginRequest = components['schemas']['LoginRequest'];
export type Login = components['schemas']['Login'];
export type CurrentToken = components['schemas']['CurrentToken'];
export type CurrentCustomer = components['schemas']['CurrentCustomer'];
export type AccountCard = components['schemas']['AccountCard'];
export type Webhook = components['schemas']['Webhook'];
export type Health = components['schemas']['Health'];
export type ResponseUnauthenticated = components['responses']['Unauthenticated'];
export type ResponseForbidden = components['responses']['Forbidden'];
export type ResponseNotFound = components['responses']['NotFound'];
export type ResponseConflict = components['responses']['Conflict'];
export type ResponseConflictOrReinstall = components['responses']['ConflictOrReinstall'];
export type ResponseScriptConflict = components['responses']['ScriptConflict'];
export type ResponseSignInConflict = components['responses']['SignInConflict'];
export type ResponseLoginNotFound = components['responses']['LoginNotFound'];
export type ResponseLoginConflict = components['responses']['LoginConflict'];
export type ResponseLimitReached = components['responses']['LimitReached'];
export type ResponseConflictOrLimit = components['responses']['ConflictOrLimit'];
export type ResponseStoreNotInstalled = components['responses']['StoreNotInstalled'];
export type ResponseTokenRefused = components['responses']['TokenRefused'];
export type ResponseSessionRefused = components['responses']['SessionRefused'];
export type ResponseCurrentForbidden = components['responses']['CurrentForbidden'];
export type ResponseAccountForbidden = components['responses']['AccountForbidden'];
export type ResponseOriginRefused = components['responses']['OriginRefused'];
export type ResponseTooLarge = components['responses']['TooLarge'];
export type ResponseInvalid = components['responses']['Invalid'];
export type ResponseRateLimited = components['responses']['RateLimited'];
export type ResponseInternal = components['responses']['Internal'];
export type ResponseUnavailable = components['responses']['Unavailable'];
export type ResponseSentOn = components['responses']['SentOn'];
export type ResponseNotSignedIn = components['responses']['NotSignedIn'];
export type ResponsePreflight = components['responses']['Preflight'];
export type ParameterId = components['parameters']['ID'];
export type ParameterStoreHash = components['parameters']['StoreHash'];
export type ParameterLimit = components['parameters']['Limit'];
export type ParameterBefore = components['parameters']['Before'];
export type ParameterAfter = components['parameters']['After'];
export type ParameterScriptVersion = components['parameters']['ScriptVersion'];
export type ParameterRedirectTo = components['parameters']['RedirectTo'];
export type ParameterChannelId = components['parameters']['ChannelID'];
export type HeaderRetryAfter = components['headers']['RetryAfter'];
export type HeaderAllowOrigin = components['headers']['AllowOrigin'];
export type HeaderETag = components['headers']['ETag'];
export type HeaderCacheControl = components['headers']['CacheControl'];
