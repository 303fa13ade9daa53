<?php
// One event of each kind, from PHP 8 with the phpredis extension: pecl install redis
declare(strict_types=1);

$now = new DateTimeImmutable('now', new DateTimeZone('UTC'));
$number = 'PHP-' . $now->format('YmdHisu');
$events = [
    'connector-status' => [
        'operatorId' => '395815801',
        'connectorId' => 'C-007',
        'status' => 1,
        'updateTime' => $now->format(DATE_RFC3339),
    ],
    'charge-record' => [
        'orderNo' => $number,
        'operatorId' => '395815801',
        'stationId' => 'S-001',
        'connectorId' => 'C-007',
        'startTime' => $now->modify('-45 minutes')->format(DATE_RFC3339),
        'endTime' => $now->format(DATE_RFC3339),
        'power' => '12.30', // kWh
        'totalMoney' => '15.00', // yuan
    ],
    'safety-warning' => [
        'warningId' => $number,
        'riskLevel' => 'high',
        'occurredAt' => $now->format(DATE_RFC3339),
        'connectorId' => 'C-007',
        'riskReason' => 'smoke',
    ],
];

/** A connection to the broker of redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]. */
function connect(string $url): Redis
{
    $at = parse_url($url);
    $broker = new Redis();
    $broker->connect($at['host'], $at['port'] ?? 6379, 3.0, null, 0, 5.0); // seconds
    if (isset($at['pass'])) {
        $broker->auth(array_values(array_filter(array_map(
            'rawurldecode',
            [$at['user'] ?? '', $at['pass']]
        ))));
    }
    if (!$broker->select((int) ltrim($at['path'] ?? '', '/'))) {
        throw new RedisException((string) $broker->getLastError());
    }
    return $broker;
}

/** Push an event; what the broker does not take is kept in unsent.jsonl. */
function publish(string $kind, array $event): bool
{
    static $broker = null;
    $flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE;
    for ($try = 1; $try <= 3; $try++) {
        try {
            $broker ??= connect(getenv('RELAY_BROKER_URL'));
            $length = $broker->lPush($kind, json_encode($event, $flags));
            if ($length !== false && $length >= 1) {
                return true;
            }
            $fault = (string) $broker->getLastError(); // full
            break;
        } catch (RedisException $error) { // away, or the login is wrong
            // What is pushed again after a lost answer is a duplicate, and told once.
            $broker = null;
            $fault = $error->getMessage();
            usleep(100_000 * $try);
        }
    }
    $line = json_encode(['kind' => $kind] + $event, $flags) . "\n";
    if (file_put_contents('unsent.jsonl', $line, FILE_APPEND | LOCK_EX) !== strlen($line)) {
        throw new RuntimeException("neither published nor kept: $line");
    }
    fwrite(STDERR, "$kind is kept in unsent.jsonl: $fault\n");
    return false;
}

$published = true;
foreach ($events as $kind => $event) {
    $published = publish($kind, $event) && $published;
}
if (!$published) {
    fwrite(STDERR, "not all was published; later: chargerelay publish unsent.jsonl\n");
    exit(1);
}
