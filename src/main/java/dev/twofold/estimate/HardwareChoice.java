package dev.twofold.estimate;

import dev.twofold.diag.NearestName;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.TextFile;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Hardware that a user names: {@code h100-sxm-x4} is four of what comes with Twofold as {@code h100-sxm}; anything else
 * is a file.
 *
 * @param devices how many, if the name says
 */
public record HardwareChoice(String name, Hardware hardware, OptionalInt devices) {

    private static final long MAX_BYTES = 1 << 20;

    private static final Pattern COUNTED = Pattern.compile("(.+)-x(\\d{1,4})");

    /** @throws TwofoldException if there is no such hardware, or its file is malformed */
    public static HardwareChoice of(String name) {
        List<String> shipped = HardwareFile.names();
        Matcher counted = COUNTED.matcher(name);
        if (counted.matches() && shipped.contains(counted.group(1))) {
            HardwareChoice choice = new HardwareChoice(
                    name, HardwareFile.shipped(counted.group(1)), OptionalInt.of(Integer.parseInt(counted.group(2))));
            choice.require(choice.devices.getAsInt());
            return choice;
        } else if (shipped.contains(name)) {
            return new HardwareChoice(name, HardwareFile.shipped(name), OptionalInt.empty());
        }
        Path file = file(name);
        if (!name.isBlank() && Files.exists(file)) {
            return new HardwareChoice(
                    name, HardwareFile.parse(name, TextFile.read(file, MAX_BYTES)), OptionalInt.empty());
        }
        List<String> known = shipped.stream().flatMap(HardwareChoice::counted).toList();
        throw TwofoldException.usage("no such hardware, and no such file")
                .found("--hardware " + name)
                .expected("a YAML file, or one of " + String.join(", ", known))
                .hint(NearestName.of(name, known)
                        .map(near -> "did you mean '" + near + "'?")
                        .orElse("use one of these, or write a file with your own figures"));
    }

    private static Path file(String name) {
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw TwofoldException.usage("neither hardware nor the name of a file")
                    .found("--hardware " + name)
                    .cause(e);
        }
    }

    private static Stream<String> counted(String name) {
        return HardwareFile.shipped(name).devices().stream().map(count -> name + "-x" + count);
    }

    /** How many devices to cut a model over that is not cut yet. */
    public int defaultDevices() {
        return devices.orElseGet(() ->
                hardware.devices().stream().mapToInt(Integer::intValue).min().orElseThrow());
    }

    /** @throws TwofoldException of kind USAGE if there are not so many devices of this */
    public void require(int count) {
        if (!hardware.devices().contains(count)) {
            throw TwofoldException.usage("the hardware does not come with so many devices")
                    .found(count)
                    .expected(hardware.devices() + " of " + hardware.name());
        }
        if (devices.isPresent() && devices.getAsInt() != count) {
            throw TwofoldException.usage("the model is cut over another number of devices")
                    .found(count)
                    .expected(devices.getAsInt() + ", as --hardware " + name + " says");
        }
    }
}
