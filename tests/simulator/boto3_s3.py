#!/usr/bin/env python3
"""Drives the served account's S3 by boto3.

    boto3_s3.py http://127.0.0.1:4567
"""
import json
import urllib.request

from boto3_common import ACCOUNT, ENDPOINT, REGION, admin, begin, check, client, end, refused, status

begin()
s3, east = client("s3"), client("s3", region="us-east-1")
HERE = {"LocationConstraint": REGION}

# --- buckets -------------------------------------------------------------------
refused("NoSuchBucket", s3.list_objects_v2, 404, Bucket="nothing")
refused("404", s3.head_bucket, 404, Bucket="nothing")
refused("InvalidBucketName", s3.create_bucket, Bucket="No.Name", CreateBucketConfiguration=HERE)
refused("IllegalLocationConstraintException", s3.create_bucket, Bucket="site")
refused("IllegalLocationConstraintException", east.create_bucket, Bucket="site", CreateBucketConfiguration=HERE)
check(status(s3.create_bucket(Bucket="site", CreateBucketConfiguration=HERE), 200)["Location"] == "/site")
refused("BucketAlreadyOwnedByYou", s3.create_bucket, 409, Bucket="site", CreateBucketConfiguration=HERE)
refused("BucketAlreadyOwnedByYou", east.create_bucket, 409, Bucket="site")
refused("BucketAlreadyExists", client("s3", account="444455556666").create_bucket, 409, Bucket="site", CreateBucketConfiguration=HERE)
refused("AccessDenied", client("s3", account="444455556666").list_objects_v2, 403, Bucket="site")
east.create_bucket(Bucket="east-site")
east.create_bucket(Bucket="east-site")
check(s3.head_bucket(Bucket="site")["BucketRegion"] == REGION)
check(s3.get_bucket_location(Bucket="site")["LocationConstraint"] == REGION)
check(s3.get_bucket_location(Bucket="east-site").get("LocationConstraint") in (None, ""))
check([b["Name"] for b in s3.list_buckets()["Buckets"]] == ["east-site", "site"])
check([b["Name"] for b in s3.list_buckets(BucketRegion=REGION)["Buckets"]] == ["site"])


def raw(method, path, region=REGION, host=None, body=None):
    """A request without botocore, which would follow a redirect."""
    scope = f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{region}/s3/aws4_request, SignedHeaders=host, Signature=00"
    request = urllib.request.Request(ENDPOINT + path, method=method, data=body, headers={"Authorization": scope})
    if host:
        request.add_header("Host", host)
    opener = urllib.request.build_opener(NoRedirect)
    try:
        return opener.open(request)
    except urllib.error.HTTPError as error:
        return error


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


moved = raw("GET", "/site/index.html", region="us-east-1")
check((moved.status, moved.headers["x-amz-bucket-region"]) == (301, REGION), moved.headers)
check(b"<Code>PermanentRedirect</Code>" in moved.read(), "the code is in the body")
moved = raw("HEAD", "/site", region="us-east-1")
check((moved.status, moved.headers["x-amz-bucket-region"]) == (301, REGION), moved.headers)

theirs = client("s3", account="444455556666").head_bucket
check(refused("403", theirs, 403, Bucket="site")["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == REGION)

# --- objects ----------------------------------------------------------------------
page = b"<!doctype html><html><head><title>t</title></head></html>"
put = s3.put_object(Bucket="site", Key="index.html", Body=page, ContentType="text/html", CacheControl="no-cache")
found = s3.get_object(Bucket="site", Key="index.html")
check((found["Body"].read(), found["ContentType"], found["CacheControl"], found["ETag"]) == (page, "text/html", "no-cache", put["ETag"]), found)
check(found["LastModified"].year == 2026 and found["ContentLength"] == len(page), found)
head = s3.head_object(Bucket="site", Key="index.html")
check((head["ContentLength"], head["ContentType"]) == (len(page), "text/html"), head)
refused("NoSuchKey", s3.get_object, 404, Bucket="site", Key="nothing")
refused("404", s3.head_object, 404, Bucket="site", Key="nothing")
binary = bytes(range(256))
for key in ("assets/a b.js", "assets/app.css", "assets/img/logo.png"):
    s3.put_object(Bucket="site", Key=key, Body=binary)
check(s3.get_object(Bucket="site", Key="assets/a b.js")["Body"].read() == binary, "bytes as they are")
refused("PreconditionFailed", s3.put_object, 412, Bucket="site", Key="index.html", Body=b"", IfNoneMatch="*")
everything = s3.list_objects_v2(Bucket="site")
check([o["Key"] for o in everything["Contents"]] == ["assets/a b.js", "assets/app.css", "assets/img/logo.png", "index.html"], everything)
folders = s3.list_objects_v2(Bucket="site", Delimiter="/")
check(([p["Prefix"] for p in folders["CommonPrefixes"]], [o["Key"] for o in folders["Contents"]], folders["KeyCount"]) == (["assets/"], ["index.html"], 2), folders)
check([o["Key"] for o in s3.list_objects_v2(Bucket="site", Prefix="assets/", StartAfter="assets/b")["Contents"]] == ["assets/img/logo.png"])
pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="site", PaginationConfig={"PageSize": 3}))
check([len(p["Contents"]) for p in pages] == [3, 1], pages)
hosted = raw("GET", "/index.html", host=f"site.s3.{REGION}.amazonaws.com")
check((hosted.status, hosted.read()) == (200, page), "the bucket in the host")
refused("UnknownParameter", s3.put_bucket_versioning, Bucket="site", VersioningConfiguration={"Status": "Enabled"})

# --- access --------------------------------------------------------------------------
ALL = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
check(s3.get_public_access_block(Bucket="site")["PublicAccessBlockConfiguration"] == ALL)


def policy(bucket="site", **extra):
    statement = dict({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}, **extra)
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


refused("NoSuchBucketPolicy", s3.get_bucket_policy, 404, Bucket="site")
refused("MalformedPolicy", s3.put_bucket_policy, Bucket="site", Policy="x")
refused("MalformedPolicy", s3.put_bucket_policy, words="invalid resource", Bucket="site", Policy=policy("other"))
refused("AccessDenied", s3.put_bucket_policy, 403, Bucket="site", Policy=policy())
refused("MalformedPolicy", s3.put_bucket_policy, words="principal", Bucket="site", Policy=policy(Principal="me"))
refused("MalformedPolicy", s3.put_bucket_policy, words="Principal", Bucket="site", Policy=policy().replace("Principal", "Wrong"))
refused("PolicyTooLarge", s3.put_bucket_policy, Bucket="site", Policy=policy(Resource=f"arn:aws:s3:::site/{'x' * 20480}"))
private = policy(Condition={"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}})
s3.put_bucket_policy(Bucket="site", Policy=private)
check(s3.get_bucket_policy(Bucket="site")["Policy"] == private, "the policy as given")
check(s3.get_bucket_policy_status(Bucket="site")["PolicyStatus"]["IsPublic"] is False)
s3.put_public_access_block(Bucket="site", PublicAccessBlockConfiguration={"BlockPublicAcls": True})
check(s3.get_public_access_block(Bucket="site")["PublicAccessBlockConfiguration"] == dict.fromkeys(ALL, False) | {"BlockPublicAcls": True})
s3.put_bucket_policy(Bucket="site", Policy=policy())
check(s3.get_bucket_policy_status(Bucket="site")["PolicyStatus"]["IsPublic"] is True)
status(s3.delete_bucket_policy(Bucket="site"), 204)
s3.delete_public_access_block(Bucket="site")
refused("NoSuchPublicAccessBlockConfiguration", s3.get_public_access_block, 404, Bucket="site")
rules = s3.get_bucket_encryption(Bucket="site")["ServerSideEncryptionConfiguration"]["Rules"]
check(rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256", rules)
kms = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key-1"}, "BucketKeyEnabled": True}]}
status(s3.put_bucket_encryption(Bucket="site", ServerSideEncryptionConfiguration=kms), 200)
check(s3.get_bucket_encryption(Bucket="site")["ServerSideEncryptionConfiguration"] == kms, "as it was put")
s3.put_object(Bucket="site", Key="nothing", Body=b"x")
head = s3.head_object(Bucket="site", Key="nothing")
check((head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "key-1"), head)
check(s3.head_object(Bucket="site", Key="index.html")["ServerSideEncryption"] == "AES256", "what was there stays")
refused("InvalidArgument", s3.put_object, Bucket="site", Key="x", Body=b"", ServerSideEncryption="AES256", SSEKMSKeyId="key-1")
status(s3.delete_bucket_encryption(Bucket="site"), 204)
check(s3.put_object(Bucket="site", Key="nothing", Body=b"x")["ServerSideEncryption"] == "AES256")
refused("NoSuchTagSet", s3.get_bucket_tagging, 404, Bucket="site")
s3.put_bucket_tagging(Bucket="site", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
check(s3.get_bucket_tagging(Bucket="site")["TagSet"] == [{"Key": "a", "Value": "b"}])

# --- the way down -----------------------------------------------------------------------
refused("BucketNotEmpty", s3.delete_bucket, 409, Bucket="site")
for key in [o["Key"] for o in everything["Contents"]] + ["nothing"]:
    status(s3.delete_object(Bucket="site", Key=key), 204)
status(s3.delete_bucket(Bucket="site"), 204)
refused("NoSuchBucket", s3.delete_bucket, 404, Bucket="site")
client("s3", account="444455556666").create_bucket(Bucket="site", CreateBucketConfiguration=HERE)
admin("PUT", "conditions", {})
end()
