// What is used of npm:mqtt. Its own types would bring those of all of Node with them.

export type MqttQos = 0 | 1 | 2;

export interface PublishProperties {
  payloadFormatIndicator?: boolean;
  messageExpiryInterval?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Uint8Array;
  subscriptionIdentifier?: number | number[];
  userProperties?: Record<string, string | string[]>;
}

export interface PublishPacket {
  cmd: "publish";
  topic: string;
  payload: Uint8Array;
  qos: MqttQos;
  retain: boolean;
  dup: boolean;
  messageId?: number;
  properties?: PublishProperties;
}

export type Packet = PublishPacket | { cmd: "pubrel"; messageId?: number };

export interface ConnackPacket {
  sessionPresent: boolean;
  properties?: {
    receiveMaximum?: number;
    maximumPacketSize?: number;
    maximumQoS?: number;
    retainAvailable?: boolean;
  };
}

export interface DisconnectPacket {
  reasonCode?: number;
  properties?: { reasonString?: string };
}

type Done = (error?: Error | null, packet?: Packet) => void;

export interface Store {
  put(packet: Packet, done: Done): unknown;
  createStream(): unknown;
  del(packet: { messageId?: number }, done: Done): unknown;
  get(packet: { messageId?: number }, done: Done): unknown;
  close(done: Done): void;
}

export interface ClientOptions {
  protocolVersion?: 3 | 4 | 5;
  protocolId?: "MQTT" | "MQIsdp";
  clientId?: string;
  clean?: boolean;
  keepalive?: number;
  username?: string;
  password?: string;
  connectTimeout?: number;
  reconnectPeriod?: number;
  manualConnect?: boolean;
  resubscribe?: boolean;
  queueQoSZero?: boolean;
  reschedulePings?: boolean;
  timerVariant?: "native";
  log?: () => void;
  outgoingStore?: Store;
  incomingStore?: Store;
  /** Asked before PUBACK or PUBREC of each message; an error has none sent. */
  customHandleAcks?: (
    topic: string,
    payload: Uint8Array,
    packet: PublishPacket,
    done: (error: Error | number) => void,
  ) => void;
  will?: {
    topic: string;
    payload: Uint8Array;
    qos: MqttQos;
    retain: boolean;
    properties?: Record<string, unknown>;
  };
  properties?: Record<string, unknown>;
}

export interface PublishOptions {
  qos?: MqttQos;
  retain?: boolean;
  properties?: PublishProperties;
}

export interface SubscribeOptions {
  qos: MqttQos;
  nl?: boolean;
  rap?: boolean;
  rh?: number;
  properties?: Record<string, unknown>;
}

interface Events {
  connect: (packet: ConnackPacket) => void;
  message: (topic: string, payload: Uint8Array, packet: PublishPacket) => void;
  disconnect: (packet: DisconnectPacket) => void;
  error: (error: Error & { code?: number }) => void;
  close: () => void;
}

export declare class MqttClient {
  constructor(stream: () => unknown, options: ClientOptions);
  readonly connected: boolean;
  readonly options: ClientOptions;
  readonly incomingStore: Store;
  readonly outgoingStore: Store;
  readonly messageIdProvider: { allocate(): number | null };
  /** There once `connect` was called. */
  readonly stream?: {
    readonly writableLength: number;
    write(bytes: Uint8Array): boolean;
    on(event: "drain", heard: () => void): unknown;
    destroy(): unknown;
  };
  /** What is not acknowledged, by packet identifier. */
  outgoing: Record<number, { volatile: boolean; cmd: string; cb: (error?: Error | null) => void }>;
  handleMessage: (packet: PublishPacket, done: (error?: Error) => void) => void;
  on<Name extends keyof Events>(event: Name, heard: Events[Name]): this;
  once<Name extends keyof Events>(event: Name, heard: Events[Name]): this;
  off<Name extends keyof Events>(event: Name, heard: Events[Name]): this;
  connect(): this;
  publish(topic: string, payload: Uint8Array, options: PublishOptions, done: Done): this;
  publishAsync(
    topic: string,
    payload: Uint8Array | string,
    options: PublishOptions,
  ): Promise<unknown>;
  subscribe(
    filters: string[] | Record<string, SubscribeOptions>,
    options: Partial<SubscribeOptions>,
    done: (error?: Error | null) => void,
  ): this;
  subscribeAsync(filter: string, options: SubscribeOptions): Promise<unknown>;
  end(force: boolean, done: () => void): this;
  endAsync(force?: boolean): Promise<void>;
  sendPing(): void;
  reschedulePing(force?: boolean): void;
}
