package dev.twofold.graph.check;

import dev.twofold.graph.OnnxFile;
import dev.twofold.graph.proto.StringStringEntryProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataLocation;
import dev.twofold.graph.proto.TensorProto.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The numbers of tensors: in one field of the model, as many as the shape says, or in a part of a file of their own. */
final class TensorCheck {

    /** Where ONNX keeps numbers of a type, and how many bits one takes in a file. */
    private enum Field {
        FLOATS,
        INT32S,
        INT64S,
        DOUBLES,
        UINT64S,
        STRINGS,
        RAW
    }

    private record Storage(Field field, int bits) {

        long bytes(long elements) {
            return (elements * bits + 7) / 8;
        }
    }

    private static final Map<DataType, Storage> STORAGE = Map.ofEntries(
            Map.entry(DataType.FLOAT, new Storage(Field.FLOATS, 32)),
            Map.entry(DataType.DOUBLE, new Storage(Field.DOUBLES, 64)),
            Map.entry(DataType.INT64, new Storage(Field.INT64S, 64)),
            Map.entry(DataType.UINT64, new Storage(Field.UINT64S, 64)),
            Map.entry(DataType.UINT32, new Storage(Field.UINT64S, 32)),
            Map.entry(DataType.INT32, new Storage(Field.INT32S, 32)),
            Map.entry(DataType.INT16, new Storage(Field.INT32S, 16)),
            Map.entry(DataType.UINT16, new Storage(Field.INT32S, 16)),
            Map.entry(DataType.FLOAT16, new Storage(Field.INT32S, 16)),
            Map.entry(DataType.BFLOAT16, new Storage(Field.INT32S, 16)),
            Map.entry(DataType.INT8, new Storage(Field.INT32S, 8)),
            Map.entry(DataType.UINT8, new Storage(Field.INT32S, 8)),
            Map.entry(DataType.INT4, new Storage(Field.INT32S, 4)),
            Map.entry(DataType.UINT4, new Storage(Field.INT32S, 4)),
            Map.entry(DataType.BOOL, new Storage(Field.INT32S, 8)));

    /** A part of a file that a tensor takes. */
    private record Extent(String tensor, long start, long end) {}

    private final Path directory;
    private final Consumer<String> problems;
    private final Map<String, List<Extent>> extents = new HashMap<>();

    TensorCheck(Path directory, Consumer<String> problems) {
        this.directory = directory;
        this.problems = problems;
    }

    void check(String name, TensorProto tensor) {
        Known.require(tensor, name, problems);
        DataType type = DataType.forNumber(tensor.getDataType());
        Storage storage = type == null ? null : STORAGE.get(type);
        if (storage == null) {
            problems.accept(
                    name + " is of the type " + tensor.getDataType() + ", which is not one that Twofold writes");
            return;
        }
        if (tensor.hasSegment() || tensor.getDimsList().stream().anyMatch(dim -> dim < 0)) {
            problems.accept(name + " is a segment, or has a negative dimension");
            return;
        }
        long elements = tensor.getDimsList().stream().reduce(1L, Math::multiplyExact);
        if (tensor.getDataLocation() == DataLocation.EXTERNAL) {
            external(name, tensor, storage.bytes(elements));
        } else {
            inside(name, tensor, storage, elements);
        }
    }

    private void inside(String name, TensorProto tensor, Storage storage, long elements) {
        List<Field> used = used(tensor);
        boolean raw = used.equals(List.of(Field.RAW));
        if (tensor.getExternalDataCount() > 0) {
            problems.accept(name + " is inside the model and names a file");
        }
        if (!raw && !used.equals(elements == 0 ? List.of() : List.of(storage.field()))) {
            problems.accept(name + " has its numbers in " + used + ", not in " + storage.field() + " or RAW alone");
        } else if (raw && tensor.getRawData().size() != storage.bytes(elements)) {
            problems.accept(name + " has " + tensor.getRawData().size() + " bytes for " + elements + " elements");
        } else if (!raw && count(tensor, storage.field()) != elements) {
            problems.accept(name + " has " + count(tensor, storage.field()) + " numbers for " + elements + " elements");
        }
    }

    private static List<Field> used(TensorProto tensor) {
        List<Field> used = new ArrayList<>();
        for (Field field : Field.values()) {
            if (field == Field.RAW ? tensor.hasRawData() : count(tensor, field) > 0) {
                used.add(field);
            }
        }
        return used;
    }

    private static int count(TensorProto tensor, Field field) {
        return switch (field) {
            case FLOATS -> tensor.getFloatDataCount();
            case INT32S -> tensor.getInt32DataCount();
            case INT64S -> tensor.getInt64DataCount();
            case DOUBLES -> tensor.getDoubleDataCount();
            case UINT64S -> tensor.getUint64DataCount();
            case STRINGS -> tensor.getStringDataCount();
            case RAW -> tensor.getRawData().size();
        };
    }

    private void external(String name, TensorProto tensor, long bytes) {
        if (!used(tensor).isEmpty()) {
            problems.accept(name + " has its numbers in a file and in the model");
        }
        Map<String, String> entries = new HashMap<>();
        for (StringStringEntryProto entry : tensor.getExternalDataList()) {
            if (entries.put(entry.getKey(), entry.getValue()) != null) {
                problems.accept(name + " says twice what its " + entry.getKey() + " is");
            }
        }
        try {
            long offset = Long.parseLong(entries.getOrDefault("offset", ""));
            long length = Long.parseLong(entries.getOrDefault("length", ""));
            String location = entries.getOrDefault("location", "");
            long size = size(location);
            if (length != bytes) {
                problems.accept(name + " has " + length + " bytes in its file, not " + bytes);
            }
            if (offset < 0 || length < 0 || offset > size - length) {
                problems.accept(name + " ends at byte " + (offset + length) + " of a file of " + size);
            }
            if (offset % OnnxFile.ALIGNMENT != 0) {
                problems.accept(name + " starts at byte " + offset + ", which is not the start of a page");
            }
            extents.computeIfAbsent(location, file -> new ArrayList<>()).add(new Extent(name, offset, offset + length));
        } catch (NumberFormatException e) {
            problems.accept(name + " does not say in numbers where in its file it is: " + entries);
        } catch (IOException | InvalidPathException e) {
            problems.accept(name + " is not in a file of its directory: " + e.getMessage());
        }
    }

    private long size(String location) throws IOException {
        Path file = directory.resolve(location).normalize();
        if (location.isEmpty()
                || !directory.normalize().equals(file.getParent())
                || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("'" + location + "'");
        }
        return Files.size(file);
    }

    /** Reports tensors that share bytes of a file; to be asked when all have been checked. */
    void requireApart() {
        for (List<Extent> file : extents.values()) {
            file.sort(Comparator.comparingLong(Extent::start).thenComparing(Extent::tensor));
            for (int i = 1; i < file.size(); i++) {
                if (file.get(i).start() < file.get(i - 1).end()) {
                    problems.accept(file.get(i).tensor() + " overlaps "
                            + file.get(i - 1).tensor());
                }
            }
        }
    }
}
