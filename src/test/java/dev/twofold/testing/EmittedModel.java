package dev.twofold.testing;

import dev.twofold.graph.proto.ModelProto;
import dev.twofold.graph.proto.ShardedDimProto;
import dev.twofold.graph.proto.ShardingSpecProto;
import dev.twofold.graph.proto.SimpleShardedDimProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataLocation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** A model.onnx and its fp32 weights, read by the formats' definitions. */
public record EmittedModel(ModelProto proto, Map<String, Table> weights) {

    /** A weight by rows; a vector is one row. */
    public record Table(List<float[]> rows) {

        public int columns() {
            return rows.get(0).length;
        }

        Table columns(int begin, int end) {
            return new Table(rows.stream()
                    .map(row -> Arrays.copyOfRange(row, begin, end))
                    .toList());
        }

        /** Whether the columns from {@code begin} on are those of another one. */
        public boolean has(Table other, int begin) {
            if (rows.size() != other.rows.size() || begin + other.columns() > columns()) {
                return false;
            }
            for (int i = 0; i < rows.size(); i++) {
                int end = begin + other.columns();
                if (!Arrays.equals(rows.get(i), begin, end, other.rows.get(i), 0, other.columns())) {
                    return false;
                }
            }
            return true;
        }
    }

    public static EmittedModel read(Path directory) throws IOException {
        ModelProto model = ModelProto.parseFrom(Files.readAllBytes(directory.resolve("model.onnx")));
        ByteBuffer data = ByteBuffer.wrap(Files.readAllBytes(directory.resolve("model.onnx.data")))
                .order(ByteOrder.LITTLE_ENDIAN);
        Map<String, Table> weights = new LinkedHashMap<>();
        for (TensorProto tensor : model.getGraph().getInitializerList()) {
            if (tensor.getDataLocation() == DataLocation.EXTERNAL) {
                weights.put(tensor.getName(), table(tensor, data));
            }
        }
        return new EmittedModel(model, weights);
    }

    private static Table table(TensorProto tensor, ByteBuffer data) {
        int offset = tensor.getExternalDataList().stream()
                .filter(entry -> entry.getKey().equals("offset"))
                .mapToInt(entry -> Integer.parseInt(entry.getValue()))
                .findFirst()
                .orElseThrow();
        int rows = tensor.getDimsCount() == 1 ? 1 : (int) tensor.getDims(0);
        int columns = (int) tensor.getDims(tensor.getDimsCount() - 1);
        List<float[]> values = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            float[] line = new float[columns];
            data.slice(offset + 4 * row * columns, 4 * columns)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(line);
            values.add(line);
        }
        return new Table(values);
    }

    /** The devices of each shard, in order. */
    public static List<List<Long>> holders(ShardingSpecProto spec) {
        Map<Long, List<Long>> groups = spec.getIndexToDeviceGroupMapList().stream()
                .collect(Collectors.toMap(entry -> entry.getKey(), entry -> entry.getValueList()));
        return spec.getDeviceList().stream()
                .map(key -> groups.getOrDefault(key, List.of(key)))
                .toList();
    }

    /** What a device has of a weight; nothing if it is not among the holders. */
    public Optional<Table> shard(ShardingSpecProto spec, long device) {
        Table whole = weights.get(spec.getTensorName());
        List<List<Long>> holders = holders(spec);
        for (int shard = 0; shard < holders.size(); shard++) {
            if (holders.get(shard).contains(device)) {
                return Optional.of(spec.getShardedDimCount() == 0 ? whole : slice(whole, spec.getShardedDim(0), shard));
            }
        }
        return Optional.empty();
    }

    /** Of axes that are fused into one, the last is cut. */
    private static Table slice(Table whole, ShardedDimProto dim, int shard) {
        List<SimpleShardedDimProto> fused = dim.getSimpleShardingList();
        SimpleShardedDimProto last = fused.get(fused.size() - 1);
        int stretch = (int) last.getDimValue();
        int share = stretch / (int) last.getNumShards();
        boolean byRows = whole.rows().size() > 1 && dim.getAxis() == 0;
        int extent = byRows ? whole.rows().size() : whole.columns();
        List<float[]> rows = new ArrayList<>();
        Table columns = whole.columns(0, 0);
        for (int begin = shard * share; begin < extent; begin += stretch) {
            if (byRows) {
                rows.addAll(whole.rows().subList(begin, begin + share));
            } else {
                columns = beside(columns, whole.columns(begin, begin + share));
            }
        }
        return byRows ? new Table(rows) : columns;
    }

    private static Table beside(Table left, Table right) {
        List<float[]> rows = new ArrayList<>();
        for (int i = 0; i < left.rows().size(); i++) {
            float[] row = Arrays.copyOf(left.rows().get(i), left.columns() + right.columns());
            System.arraycopy(right.rows().get(i), 0, row, left.columns(), right.columns());
            rows.add(row);
        }
        return new Table(rows);
    }
}
