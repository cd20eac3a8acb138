package dev.twofold.graph.cut;

import dev.twofold.graph.proto.IntIntListEntryProto;
import dev.twofold.graph.proto.ShardedDimProto;
import dev.twofold.graph.proto.ShardingSpecProto;
import dev.twofold.graph.proto.SimpleShardedDimProto;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Where a tensor is: whole on some devices, or cut along one axis into even parts that devices hold.
 *
 * @param cut empty if it is whole
 * @param holders of each part in order, the devices that have a copy of it; of a whole tensor, which is one part, all
 *     that have it
 */
record TensorSharding(Optional<Cut> cut, List<List<Integer>> holders) {

    /**
     * The axis along which a tensor is cut. Where layers lie side by side on it, each is cut by itself, and a part has
     * its share of every one: the axis is two axes fused, layers and what a layer has, of which the second is cut.
     *
     * @param axis from 0
     * @param rank number of axes of the tensor
     * @param extent length of the axis
     * @param layers how many equal stretches are cut by themselves
     */
    record Cut(int axis, int rank, long extent, int layers) {}

    TensorSharding {
        holders = holders.stream().map(List::copyOf).toList();
        if (cut.isPresent() && holders.size() == 1) {
            cut = cut.map(one -> new Cut(one.axis(), one.rank(), one.extent(), 1));
        }
        long pieces = cut.map(Cut::layers).orElse(1) * (long) holders.size();
        if (cut.map(Cut::extent).orElse(pieces) % pieces != 0) {
            throw new IllegalStateException(cut + " is not cut evenly over " + holders);
        }
    }

    static TensorSharding whole(Collection<Integer> devices) {
        return new TensorSharding(Optional.empty(), List.of(List.copyOf(devices)));
    }

    static TensorSharding along(int axis, int rank, long extent, int layers, List<List<Integer>> holders) {
        return new TensorSharding(Optional.of(new Cut(axis, rank, extent, layers)), holders);
    }

    /** The devices, in the order of their parts. */
    List<Integer> devices() {
        return holders.stream().flatMap(List::stream).toList();
    }

    boolean isCut() {
        return cut.isPresent();
    }

    /** Whether all devices that have some of it have all of it. */
    boolean isOnePart() {
        return holders.size() == 1;
    }

    /** Whether it is cut along this axis, counted from the last, which is 1. */
    boolean isCutFromEnd(int axis) {
        return cut.filter(at -> at.rank() - at.axis() == axis).isPresent();
    }

    /** The same parts of another tensor. */
    TensorSharding moved(int axis, int rank, long extent) {
        return along(axis, rank, extent, cut.orElseThrow().layers(), holders);
    }

    /** Whether tensors that are multiplied or added element by element, aligned at their last axes, are cut alike. */
    boolean matches(TensorSharding other) {
        return holders.equals(other.holders)
                && cut.equals(other.cut.map(at -> new Cut(
                        at.axis() + cut.map(Cut::rank).orElse(at.rank()) - at.rank(),
                        cut.map(Cut::rank).orElse(at.rank()),
                        at.extent(),
                        at.layers())));
    }

    /** In ONNX's terms. A part that several devices hold goes by a negative number, which stands for them. */
    ShardingSpecProto spec(String tensor) {
        ShardingSpecProto.Builder spec = ShardingSpecProto.newBuilder().setTensorName(tensor);
        if (holders.stream().allMatch(group -> group.size() == 1)) {
            spec.addAllDevice(devices().stream().map(Integer::longValue).toList());
        } else {
            for (int part = 0; part < holders.size(); part++) {
                long key = -1L - part;
                spec.addDevice(key);
                spec.addIndexToDeviceGroupMap(IntIntListEntryProto.newBuilder()
                        .setKey(key)
                        .addAllValue(holders.get(part).stream()
                                .map(Integer::longValue)
                                .toList()));
            }
        }
        cut.filter(at -> holders.size() > 1).ifPresent(at -> spec.addShardedDim(dimension(at)));
        return spec.build();
    }

    private ShardedDimProto dimension(Cut at) {
        ShardedDimProto.Builder dimension = ShardedDimProto.newBuilder().setAxis(at.axis());
        if (at.layers() > 1) {
            dimension.addSimpleSharding(
                    SimpleShardedDimProto.newBuilder().setDimValue(at.layers()).setNumShards(1));
        }
        return dimension
                .addSimpleSharding(SimpleShardedDimProto.newBuilder()
                        .setDimValue(at.extent() / at.layers())
                        .setNumShards(holders.size()))
                .build();
    }
}
