package dev.twofold.estimate;

/**
 * Where the time of a call goes, in seconds that add up to it.
 *
 * @param memory of stages that wait for weights, keys and values
 * @param compute of stages that wait for products
 * @param gaps between kernels
 * @param exchanges between devices
 * @param host that the device waits for the host, which has kernels to launch
 */
public record CallTime(double memory, double compute, double gaps, double exchanges, double host) {

    static final CallTime NONE = new CallTime(0, 0, 0, 0, 0);

    public double total() {
        return memory + compute + gaps + exchanges + host;
    }

    CallTime plus(CallTime other) {
        return new CallTime(
                memory + other.memory,
                compute + other.compute,
                gaps + other.gaps,
                exchanges + other.exchanges,
                host + other.host);
    }

    CallTime dividedBy(double number) {
        return new CallTime(memory / number, compute / number, gaps / number, exchanges / number, host / number);
    }
}
