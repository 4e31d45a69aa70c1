CREATE TABLE `auth_secrets` (
	`id` text PRIMARY KEY NOT NULL,
	`purpose` text NOT NULL,
	`material` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `auth_secrets_purpose` ON `auth_secrets` (`purpose`,`created_at`);--> statement-breakpoint
CREATE TABLE `refresh_families` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`key_id` text NOT NULL,
	`token_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`key_id`) REFERENCES `user_keys`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `refresh_families_user` ON `refresh_families` (`user_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `refresh_families_key` ON `refresh_families` (`key_id`);--> statement-breakpoint
CREATE INDEX `refresh_families_expiry` ON `refresh_families` (`expires_at`);--> statement-breakpoint
CREATE TABLE `used_nonces` (
	`expires_at` integer NOT NULL,
	`nonce` text NOT NULL,
	PRIMARY KEY(`expires_at`, `nonce`)
);
--> statement-breakpoint
CREATE TABLE `user_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`public_key` text NOT NULL,
	`name` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_used_at` integer NOT NULL,
	`revoked_at` integer,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `user_keys_public_key_unique` ON `user_keys` (`public_key`);--> statement-breakpoint
CREATE INDEX `user_keys_user` ON `user_keys` (`user_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`username` text NOT NULL,
	`email` text,
	`wallet` text,
	`created_at` integer NOT NULL,
	`last_active_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_username_unique` ON `users` (`username`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_email_unique` ON `users` (`email`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_wallet_unique` ON `users` (`wallet`);--> statement-breakpoint
CREATE TABLE `channel_head` (
	`channel` text PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`nth` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `epoch` (
	`first_seq` integer PRIMARY KEY NOT NULL,
	`epoch` integer NOT NULL,
	`started_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `epoch_epoch_unique` ON `epoch` (`epoch`);--> statement-breakpoint
CREATE TABLE `idempotency` (
	`id` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`answer` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `idempotency_key_unique` ON `idempotency` (`key`);--> statement-breakpoint
CREATE TABLE `journal` (
	`seq` integer PRIMARY KEY NOT NULL,
	`epoch` integer NOT NULL,
	`at` integer NOT NULL,
	`channel` text NOT NULL,
	`body` text NOT NULL,
	`chain` text NOT NULL,
	`previous` integer NOT NULL,
	`nth` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `journal_mark` ON `journal` (`channel`,`seq`) WHERE "nth" % 64 = 0;--> statement-breakpoint
CREATE TABLE `rewards_accounts` (
	`user_id` text PRIMARY KEY NOT NULL,
	`base` integer NOT NULL,
	`carry` integer NOT NULL,
	`rate` integer NOT NULL,
	`as_of` integer NOT NULL,
	`settled` integer NOT NULL,
	`devices` integer NOT NULL,
	`online` integer NOT NULL,
	`earning` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `rewards_arrivals` (
	`n` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`country` text,
	`network` text NOT NULL,
	`kind` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `rewards_countries` (
	`country` text PRIMARY KEY NOT NULL,
	`online` integer NOT NULL,
	`rate` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `rewards_devices` (
	`user_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`address` text NOT NULL,
	`address_key` text NOT NULL,
	`country` text,
	`first_seen_at` integer NOT NULL,
	`standing` text NOT NULL,
	`session` text,
	`process` text,
	`connected_at` integer NOT NULL,
	`leased_at` integer NOT NULL,
	`left_at` integer,
	`base` integer NOT NULL,
	`carry` integer NOT NULL,
	`rate` integer NOT NULL,
	`as_of` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`score_state` text NOT NULL,
	`samples` integer NOT NULL,
	`first_sample_at` integer,
	`smoothed` integer NOT NULL,
	`stepped` integer,
	`parts` text,
	`window` text NOT NULL,
	`networks` text NOT NULL,
	`marks` text NOT NULL,
	PRIMARY KEY(`user_id`, `id`)
);
--> statement-breakpoint
CREATE INDEX `rewards_devices_lease` ON `rewards_devices` (`address_key`,`standing`,`leased_at`,`user_id`,`id`) WHERE standing <> 'offline';--> statement-breakpoint
CREATE INDEX `rewards_devices_limited` ON `rewards_devices` (`user_id`,`leased_at`,`id`) WHERE standing = 'address_limit';--> statement-breakpoint
CREATE INDEX `rewards_devices_settled` ON `rewards_devices` (`as_of`,`user_id`,`id`) WHERE standing = 'earning';--> statement-breakpoint
CREATE INDEX `rewards_devices_online` ON `rewards_devices` (`process`,`user_id`,`id`) WHERE standing <> 'offline';--> statement-breakpoint
CREATE TABLE `rewards_earnings` (
	`user_id` text NOT NULL,
	`hour` integer NOT NULL,
	`device_id` text NOT NULL,
	`source` text NOT NULL,
	`amount` integer NOT NULL,
	PRIMARY KEY(`user_id`, `hour`, `device_id`, `source`)
);
--> statement-breakpoint
CREATE TABLE `rewards_network` (
	`id` integer PRIMARY KEY NOT NULL,
	`base` integer NOT NULL,
	`carry` integer NOT NULL,
	`rate` integer NOT NULL,
	`as_of` integer NOT NULL,
	`users` integer NOT NULL,
	`devices` integer NOT NULL,
	`online` integer NOT NULL,
	`earning` integer NOT NULL,
	`arrivals` integer NOT NULL,
	`scores` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `rewards_processes` (
	`process` text PRIMARY KEY NOT NULL,
	`alive_at` integer NOT NULL
);
